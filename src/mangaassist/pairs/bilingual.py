"""Titles in, pairs out that name each in every language it has a name in, so that the versions of one need meet.

A name found in itself teaches nothing, but a name in another language than the document's text does.
"""

from collections.abc import Iterable, Mapping

from mangaassist.core.types import DocId, Pair
from mangaassist.data import Title
from mangaassist.pairs.near_duplicates import normalise

MOST_PER_PHRASE = 20
"""Titles that one phrase of a lexicon is paired with at most: "healing" must not drown what shoppers typed."""

NAME_WEIGHT = 2.0
"""What a pair weighs: they speak for languages in which few typed. Simulated, this gives back most of what is lost."""


def bilingual_pairs(titles: Iterable[Title], phrases: Mapping[str, Iterable[str]] | None = None) -> list[Pair]:
    """A corpus pair for every name and alias of a title that is not its English title.

    phrases: of a lexicon, a phrase in any language → the facets it means; a phrase becomes the query of the titles that
    have all of them.
    """
    known = sorted(titles, key=lambda title: title.title_id)
    pairs = []
    for title in known:
        names = [title.title_romaji, title.title_japanese, *title.aliases]
        distinct = {normalise(name): name for name in names if name and normalise(name) != normalise(title.title)}
        pairs += [Pair(name, DocId(title.title_id), "corpus", weight=NAME_WEIGHT) for name in distinct.values()]
    for phrase, facets in sorted((phrases or {}).items()):
        wanted = {normalise(facet.replace("_", " ")) for facet in facets}
        meant = [title for title in known if wanted and wanted <= _facets(title)][:MOST_PER_PHRASE]
        pairs += [Pair(phrase, DocId(title.title_id), "corpus", weight=NAME_WEIGHT) for title in meant]
    return pairs


def _facets(title: Title) -> set[str]:
    return {normalise(name.replace("_", " ")) for name in (*title.genres, *title.tones, *title.themes)}
