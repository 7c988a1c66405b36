"""Rules in, a small BEIR folder out: 154 documents and 126 queries of simple English, or a set with nothing to gain."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from loop_world import FILLERS, TOPICS, write_rows

ADJECTIVES = ["old", "small", "brave", "loud", "green", "silent", "clever", "tired", "famous", "gentle", "proud"]
PLACES = ["harbour", "forest", "castle", "market", "river", "desert", "island", "village", "theatre", "garden", "farm"]
PER_TOPIC = 9
"""Queries about each topic: the first six train, the next one is dev where a set has dev, the last two are test."""

Judged = Mapping[str, Mapping[str, int]]


def slang_set(folder: Path, *, has_dev: bool = False) -> Path:
    """Documents about topics, queries that name them in slang: an adapter can learn what the slang means."""
    fillers = FILLERS.split()
    corpus = [
        {"_id": f"{topic}-{number}", "title": f"{adjective} {topic}", "text": f"The {topic} went to the {place}."}
        for topic in TOPICS
        for number, (adjective, place) in enumerate(zip(ADJECTIVES, PLACES, strict=True))
    ]
    queries: list[dict[str, str]] = []
    splits: dict[str, dict[str, dict[str, int]]] = {"train": {}, "test": {}}
    if has_dev:
        splits["dev"] = {}
    for at, (topic, slang) in enumerate(TOPICS.items()):
        for number in range(PER_TOPIC):
            query_id = f"q-{topic}-{number}"
            words = [fillers[(at + step * (number + 1)) % len(fillers)] for step in (1, 2)]
            queries.append({"_id": query_id, "text": f"{slang} {' '.join(words)}"})
            split = "train" if number < 6 else "test" if number > 6 else "dev"
            if split in splits:
                answers = {f"{topic}-{(number + step) % len(ADJECTIVES)}": 1 for step in range(7)}
                splits[split][query_id] = {**answers, f"{topic}-{(number + 7) % len(ADJECTIVES)}": 0}
    return written(folder, corpus, queries, splits)


def solved_set(folder: Path) -> Path:
    """Every query is the very text of its document: the frozen encoder is right already."""
    places = [(topic, place) for topic in TOPICS for place in PLACES]
    texts = [f"{topic} {adjective} {place}" for (topic, place), adjective in zip(places, ADJECTIVES * 14, strict=True)]
    corpus = [{"_id": f"d{number:03d}", "title": "", "text": text} for number, text in enumerate(texts)]
    queries = [{"_id": f"q{number:03d}", "text": text} for number, text in enumerate(texts[:120])]
    train = {f"q{number:03d}": {f"d{number:03d}": 1} for number in range(120)}
    return written(folder, corpus, queries, {"train": train})


def written(
    folder: Path,
    corpus: Sequence[Mapping[str, str]],
    queries: Sequence[Mapping[str, str]],
    splits: Mapping[str, Judged],
) -> Path:
    write_rows(folder / "corpus.jsonl", corpus)
    write_rows(folder / "queries.jsonl", queries)
    (folder / "qrels").mkdir()
    for split, judged in splits.items():
        rows = [
            f"{query_id}\t{doc_id}\t{grade}\n"
            for query_id, grades in judged.items()
            for doc_id, grade in grades.items()
        ]
        (folder / "qrels" / f"{split}.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(rows))
    return folder
