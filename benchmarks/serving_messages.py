"""A number in, so many shoppers' messages out, no two alike: nothing that a server remembers can help it.

Real ones: the sample's hand-written messages, and the first sentences of what real readers wrote to recommend manga
(train and dev only). Then the same again with another wish, another title to compare with, or a slip of the finger.
"""

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from mangaassist.data.contracts import Title
from mangaassist.sample import sample_shop

MANGA: Final = Path(__file__).parents[1].parent / "shared" / "data" / "manga"
LONGEST: Final = 160
"""Characters of a reader's sentence: shoppers do not type more into a chat."""

WISHES: Final = (
    "please",
    "in print",
    "but less brutal",
    "without romance",
    "but not fantasy",
    "with found family",
    "that is finished",
    "for my sister",
    "with a female lead",
    "no gore",
    "set in a school",
    "but more comedy",
    "thanks",
    "short series",
)


def messages(count: int, titles: Sequence[Title], *, seed: int) -> list[str]:
    """So many messages, each once."""
    rng = np.random.default_rng(seed)
    real = real_messages()
    order = rng.permutation(len(real)).tolist()
    found = dict.fromkeys(real[place] for place in order[:count])
    names = [title.title for title in titles]
    while len(found) < count:
        found.setdefault(_varied(real[int(rng.integers(len(real)))], names, rng), None)
    kept = list(found)
    return [kept[place] for place in rng.permutation(len(kept)).tolist()]


def real_messages() -> list[str]:
    """What people really wrote; no test query is among them."""
    sample = [query.text for query in sample_shop().queries if query.split != "test"]
    return list(dict.fromkeys([*sample, *_readers()]))


def _readers() -> Iterator[str]:
    if not MANGA.is_dir():
        return
    kept = set()
    for split in ("train", "dev"):
        with gzip.open(MANGA / "qrels" / f"{split}.tsv.gz", "rt", encoding="utf-8") as lines:
            kept |= {line.split("\t")[0] for line in lines}
    with gzip.open(MANGA / "queries.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            query = json.loads(line)
            if query["_id"] in kept:
                yield re.split(r"(?<=[.!?])\s", query["text"])[0][:LONGEST]


def _varied(text: str, names: Sequence[str], rng: np.random.Generator) -> str:
    way = rng.random()
    if way < 0.4:
        return f"{text} {WISHES[int(rng.integers(len(WISHES)))]}"
    if way < 0.8:
        return f"{text[:80]}, like {names[int(rng.integers(len(names)))]}"
    place = int(rng.integers(max(1, len(text) - 1)))
    return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
