"""Fixes in force and the log's pairs in, the pairs that the fixes add out."""

from collections.abc import Sequence

from mangaassist.core.types import DocId, Pair
from mangaassist.data import Workspace, titles
from mangaassist.loop.settings import Settings
from mangaassist.pairs import TasteFacets, bilingual_pairs, taste_pairs
from mangaassist.queries import read_lexicon


def added_pairs(workspace: Workspace, settings: Settings, from_log: Sequence[Pair]) -> list[Pair]:
    """Diverse positives within a client's taste (`narrow_retrieval`), names in every language (`language_drift`)."""
    known = titles(workspace) if settings.fixes else []
    added: list[Pair] = []
    if "narrow_retrieval" in settings.fixes:
        facets = {
            DocId(title.title_id): TasteFacets(*map(frozenset, (title.genres, title.tones, title.themes)))
            for title in known
        }
        added += taste_pairs(from_log, facets)
    if "language_drift" in settings.fixes:
        added += bilingual_pairs(known, read_lexicon(workspace.root).facets)
    return added
