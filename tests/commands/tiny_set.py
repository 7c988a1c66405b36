"""A BEIR folder small enough to tune in seconds: dishes and what is in them, asked for in other words."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

DISHES = [
    f"{style} {base}"
    for base in ("soup", "stew", "salad", "curry", "pie", "bread", "noodles", "rice")
    for style in ("red", "green", "smoky", "sweet", "sour", "cold", "spicy", "plain", "rich", "light")
]
WISHES = [
    "what goes into",
    "grandma used to make",
    "quick weeknight",
    "how long do i boil",
    "vegan take on",
    "leftovers for",
    "kids hate my",
    "spices in a",
    "what wine with",
    "freezing",
    "best pan for",
    "calories of",
]
CITIES = ["Lima", "Osaka", "Oslo", "Cairo", "Quito", "Delhi", "Porto", "Hanoi"]


def write_tiny_set(folder: Path, *, splits: tuple[str, ...] = ("train", "test")) -> Path:
    """80 documents, two queries each; every fifth dish is for test, the one before it for dev where there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = [
        {"_id": f"d{number:02}", "title": f"How we cook {dish}", "text": f"{dish} as cooked in {CITIES[number % 8]}."}
        for number, dish in enumerate(DISHES)
    ]
    queries = [
        {"_id": f"q{number:02}{variant}", "text": text, "metadata": {"faq": number}}
        for number, dish in enumerate(DISHES)
        for variant, text in (
            ("a", f"{WISHES[number % len(WISHES)]} {dish}"),
            ("b", f"{CITIES[number % 8]} style {dish}"),
        )
    ]
    _write(folder / "corpus.jsonl", documents)
    _write(folder / "queries.jsonl", queries)
    (folder / "qrels").mkdir(exist_ok=True)
    for place, split in enumerate(splits):
        share = [n for n in range(len(DISHES)) if (n % 5 == 4) == (split == "test") and (split != "dev" or n % 5 == 3)]
        if split == "train" and "dev" in splits:
            share = [number for number in share if number % 5 != 3]
        lines = [f"q{number:02}{variant}\td{number:02}\t1" for number in share for variant in "ab"]
        (folder / "qrels" / f"{split}.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(lines) + "\n")
        assert lines, place
    return folder


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
