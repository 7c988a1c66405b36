"""What counts as a failed search, and how failures become proposals: the `[feedback]` section of the settings."""

from dataclasses import dataclass
from typing import Final

_SHARES: Final = (
    "good_chance",
    "similar_text",
    "similar_meaning",
    "unknown_share",
    "second_opinions",
    "min_cluster_share",
    "leftover_reach",
)


@dataclass(frozen=True, slots=True)
class FeedbackRules:
    """The defaults suit a small shop.

    good_chance: a top score at which the first result is good with less than this chance is low.
    reformulated_within_s: another try must follow so soon.  similar_text, similar_meaning: and be so like the first, by
        letter pairs or by the cosine of base vectors.
    click_window_s: a search is looked at when it is so much older than the log's end: its click may still come.
    unknown_share: of a text's words, in a text of slang.
    private_below: a text that fewer clients typed is shown to admins only.
    most_clustered: the texts clustered, those that hurt most users first; the others wait for the next run.
    min_cluster: texts of the smallest cluster.  min_cluster_share: or this share of all clustered, if that is more.
    leftover_reach: how near, by cosine, a text without a cluster must be to one's centre to join it.
    texts_per_item, positives, negatives: of one cluster's proposals.
    second_opinions: share of the items that two reviewers must agree on.
    pair_weight: of an approved pair, where a click counts 1.
    """

    good_chance: float = 0.5
    reformulated_within_s: float = 30.0
    similar_text: float = 0.3
    similar_meaning: float = 0.5
    click_window_s: float = 1_800.0
    unknown_share: float = 0.5
    private_below: int = 3
    most_clustered: int = 20_000
    min_cluster: int = 4
    min_cluster_share: float = 0.0
    leftover_reach: float = 0.5
    texts_per_item: int = 12
    positives: int = 6
    negatives: int = 6
    second_opinions: float = 0.1
    pair_weight: float = 3.0

    def __post_init__(self) -> None:
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; shares, chances and cosines lie in [0, 1]")
        for name in ("private_below", "most_clustered", "texts_per_item", "positives"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it counts something and must be at least 1")
        if self.min_cluster < 2:
            raise ValueError(f"min_cluster is {self.min_cluster}; a cluster has at least 2 texts")
        if not self.pair_weight > 0:
            raise ValueError(f"pair_weight is {self.pair_weight}; a pair that trains weighs more than 0")
