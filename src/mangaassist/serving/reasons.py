"""A reading and a found document in, what spoke for it and against it out, in a few words for a person."""

from collections.abc import Collection
from typing import Final

from mangaassist.core.types import DocId
from mangaassist.queries import CompositionWeights, Reading
from mangaassist.serving.served_release import ServedRelease

MOST_NAMED: Final = 3
"""So many facets or words are named at most in one reason."""


def reasons(served: ServedRelease, reading: Reading, doc_id: DocId, weights: CompositionWeights) -> tuple[str, ...]:
    """Why a document was found under these weights: only what had weight is said."""
    facets = served.composer.reader.facets
    own = facets.of(doc_id)
    found: list[str] = []
    if weights.reference or weights.reference_facets:
        others = [each for each in reading.references if each in served.records and each != doc_id]
        found += [
            _with(f"like {served.records[other].title}", facets.named(own & facets.of(other))) for other in others
        ]
    if weights.wanted and own & reading.wanted:
        found.append(_with("you asked for", facets.named(own & reading.wanted)))
    if weights.lexical:
        words = served.composer.lexical.telling_words(reading.text, served.rows[doc_id])
        if words:
            found.append(_with("your words", words))
    if weights.rejected and own & reading.rejected:
        found.append(_with("ruled out", facets.named(own & reading.rejected)))
    return tuple(found) or ("close in meaning",)


def _with(said: str, named: Collection[str]) -> str:
    shown = ", ".join(name.replace("_", " ") for name in list(named)[:MOST_NAMED])
    return f"{said}: {shown}" if shown else said
