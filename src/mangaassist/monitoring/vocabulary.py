"""A workspace and its live release in, every word they know out: of catalogue, articles, lexicon and training."""

from collections.abc import Iterable, Iterator

import polars as pl
from pydantic import BaseModel

from mangaassist.data import Workspace, articles, titles
from mangaassist.promotion import PAIRS
from mangaassist.queries import read_lexicon, words


def known_words(workspace: Workspace, release: str) -> frozenset[str]:
    """The words. A release whose pairs were erased, or that was trained on none, adds none."""
    found: set[str] = set()
    for text in _texts(workspace, release):
        found.update(words(text))
    return frozenset(found)


def _texts(workspace: Workspace, release: str) -> Iterator[str]:
    for record in (*titles(workspace), *articles(workspace)):
        yield from _texts_of(record)
    lexicon = read_lexicon(workspace.root)
    yield from (*lexicon.facets, *lexicon.turned_down)
    pairs = workspace.releases / release / PAIRS
    if pairs.is_file():
        yield from pl.read_parquet(pairs, columns=["query_text"], glob=False)["query_text"].unique().to_list()


def _texts_of(record: BaseModel) -> Iterable[str]:
    for value in record.model_dump().values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from (each for each in value if isinstance(each, str))
