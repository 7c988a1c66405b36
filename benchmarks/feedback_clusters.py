"""Planted needs among other failed searches: `python -m benchmarks.feedback_clusters [--json FILE]`.

The needs of `planted_needs.toml`, each in the words of several shoppers, are mixed with the sample's training and
validation queries. A need is recovered if one cluster holds most of its texts and little else of the planted ones'.
"""

import argparse
import json
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sklearn.metrics import adjusted_rand_score

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.encoders import load_encoder
from mangaassist.feedback import APART, FeedbackRules, cluster_vectors
from mangaassist.sample import sample_shop

PAGE = "docs/feedback.md"
NEEDS_FILE = Path(__file__).parent / "planted_needs.toml"
MOST = 0.6
ASKED_FOR = ("slow burn rivals to lovers", "enemies to lovers manga but not fantasy", "rivals become couple manga")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "feedback_clusters.json")
    options = parser.parse_args()
    found = {"machine": machine(), **planted_scores()}
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    rebuild("feedback clusters", told(found), PAGE)


def planted_needs() -> dict[str, list[str]]:
    """Need → the texts that ask for it."""
    needs: dict[str, list[str]] = tomllib.loads(NEEDS_FILE.read_text(encoding="utf-8"))["needs"]
    return needs


def planted_scores(*, seed: int = 0) -> dict[str, Any]:
    """Adjusted Rand over the planted texts (a text of no cluster is one of its own), and the needs recovered."""
    needs = planted_needs()
    planted = [text for texts in needs.values() for text in texts]
    others = [query.text for query in sample_shop().queries if query.split in ("train", "dev")]
    texts = [*planted, *(text for text in dict.fromkeys(others) if text not in set(planted))]
    rules = FeedbackRules()
    vectors = load_encoder("local").encode(texts)
    labels = cluster_vectors(vectors, min_cluster=rules.min_cluster, reach=rules.leftover_reach, seed=seed).tolist()
    of_text = dict(zip(texts, labels, strict=True))
    alone = [label if label != APART else -number for number, label in enumerate(labels[: len(planted)], start=2)]
    true = [number for number, group in enumerate(needs.values()) for _ in group]
    asked = {of_text[text] for text in ASKED_FOR}
    return {
        "needs": len(needs),
        "planted_texts": len(planted),
        "other_texts": len(texts) - len(planted),
        "clusters": max(labels) + 1,
        "adjusted_rand": round(float(adjusted_rand_score(true, alone)), 3),
        "recovered": [name for name, group in needs.items() if _is_recovered(group, of_text)],
        "rivals_to_lovers_are_one": len(asked) == 1 and APART not in asked,
    }


def _is_recovered(group: Sequence[str], of_text: Mapping[str, int]) -> bool:
    """Whether one cluster has `MOST` of the need's texts, and they are `MOST` of all that it has."""
    label, times = Counter(of_text[text] for text in group).most_common(1)[0]
    size = sum(each == label for each in of_text.values())
    return label != APART and times >= MOST * len(group) and times >= MOST * size


def told(found: Mapping[str, Any]) -> str:
    """As it stands in the docs."""
    return (
        f"{found['needs']} planted needs in {found['planted_texts']} texts among {found['other_texts']} others: "
        f"{len(found['recovered'])} recovered, adjusted Rand {found['adjusted_rand']:.2f} ({found['machine']['date']})."
    )


if __name__ == "__main__":
    main()
