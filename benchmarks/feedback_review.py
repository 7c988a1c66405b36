"""Proposed items and what a reviewer knows of the needs behind them in, verdicts out, as one who answers for them.

A reviewer knows which documents answer the planted texts, and nothing of the other shoppers' texts that fell into the
same cluster: these they take out of an item by an edit, and an item that only such texts could decide they skip. In
place of a document that answers none of the texts they put one that does.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from benchmarks.failing_needs import Need
from mangaassist.data import Workspace
from mangaassist.feedback import OPEN_STATES, Edit, Reviewer, ReviewItem, ReviewStore, Verdict

REVIEWER: Final = Reviewer("the benchmark", "admin")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reviewer says of an item. edit: with the verdict `edit`, what they put in place."""

    verdict: Verdict
    edit: Edit | None = None


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a reviewer knows: the need behind each planted text, by the text casefolded."""

    need_of: Mapping[str, Need]

    @classmethod
    def of(cls, needs: Sequence[Need]) -> "Knowledge":
        """That of one who knows these needs."""
        return cls({text.casefold(): need for need in needs for text in need.logged})

    def answer(self, item: ReviewItem) -> Answer:
        """The verdict on an item of any kind."""
        known = {text: self.need_of[text.casefold()] for text in item.texts if text.casefold() in self.need_of}
        if item.kind == "lexicon":
            return _on_word(item, list(known.values()))
        if item.kind not in ("positive", "negative"):
            return Answer("reject" if len(known) == len(item.texts) else "skip")
        wanted = item.kind == "positive"
        right = tuple(text for text, need in known.items() if (item.doc_id in need.answers) == wanted)
        if right:
            return Answer("accept") if len(right) == len(item.texts) else Answer("edit", Edit(texts=right))
        if wanted and known:
            return _corrected(item, known)
        return Answer("reject" if len(known) == len(item.texts) else "skip")


def _corrected(item: ReviewItem, known: Mapping[str, Need]) -> Answer:
    """One of the documents that answer the need of most texts, by turns of the items, for the texts of that need."""
    needs = Counter(need.name for need in known.values())
    name = max(sorted(needs), key=needs.__getitem__)
    texts = tuple(text for text, need in known.items() if need.name == name)
    answers = sorted(known[texts[0]].answers)
    document = answers[crc32(item.id.encode()) % len(answers)]
    return Answer("edit", Edit(doc_id=document, texts=None if len(texts) == len(item.texts) else texts))


def _on_word(item: ReviewItem, needs: Sequence[Need]) -> Answer:
    """A word is taken for what it means, whatever was proposed; one that means nothing certain is refused.

    A phrase that holds such a word means the same.
    """
    said = f" {item.phrase} "
    meant = next((need.means[word] for need in needs for word in need.means if f" {word} " in said), None)
    if meant is None:
        return Answer("reject" if needs else "skip")
    return Answer("accept") if set(item.facets) == set(meant) else Answer("edit", Edit(facets=meant))


def clusters_of(items: Sequence[ReviewItem], knowledge: Knowledge) -> Iterator[str]:
    """The clusters that a reviewer knows anything of, in the order of their items."""
    clusters = dict.fromkeys(
        item.cluster_id for item in items if any(text.casefold() in knowledge.need_of for text in item.texts)
    )
    return (cluster for cluster in clusters if cluster)


def review_in_store(shop: Workspace, clusters: Sequence[str], knowledge: Knowledge) -> Counter[str]:
    """Judges every open item of the clusters without a browser; how often each verdict was given, by kind."""
    store, said = ReviewStore(shop.engine), Counter[str]()
    for cluster in clusters:
        for item in store.items(states=OPEN_STATES, cluster_id=cluster, with_private=True):
            given = knowledge.answer(item)
            store.decide(item.id, REVIEWER, given.verdict, edit=given.edit)
            said[f"{item.kind} {given.verdict}"] += 1
    return said
