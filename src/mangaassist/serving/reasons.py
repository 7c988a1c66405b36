"""A reading and a found document in, what spoke for it and against it out, in a few words for a person."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from mangaassist.core.types import DocId
from mangaassist.queries import CompositionWeights, Reading, words
from mangaassist.serving.served_release import ServedRelease

MOST_NAMED: Final = 3
"""So many facets or words are named at most in one reason."""


class Reasons:
    """Why documents were found for one reading under some weights; only what had weight is said.

    doc_ids: those whose reasons will be asked for.
    """

    def __init__(
        self, served: ServedRelease, reading: Reading, weights: CompositionWeights, doc_ids: Sequence[DocId]
    ) -> None:
        self._served, self._reading, self._weights = served, reading, weights
        titles = {each: served.shown_of(each).title for each in reading.references if each in served.rows}
        self._named = titles if weights.reference or weights.reference_facets else {}
        self._typed: Mapping[DocId, list[str]] = {}
        if weights.lexical:
            rows = [served.rows[doc_id] for doc_id in doc_ids]
            told = served.composer.lexical.telling_words_of(words(reading.rest), rows)
            self._typed = dict(zip(doc_ids, told, strict=True))

    def of(self, doc_id: DocId) -> tuple[str, ...]:
        """The reasons of one document."""
        reading, weights, facets = self._reading, self._weights, self._served.composer.reader.facets
        own = facets.of(doc_id)
        found = [
            _with(f"like {title}", facets.named(own & facets.of(other)))
            for other, title in self._named.items()
            if other != doc_id
        ]
        if weights.wanted and own & reading.wanted:
            found.append(_with("you asked for", facets.named(own & reading.wanted)))
        if typed := self._typed.get(doc_id):
            found.append(_with("your words", typed))
        if weights.rejected and own & reading.rejected:
            found.append(_with("ruled out", facets.named(own & reading.rejected)))
        return tuple(found) or ("close in meaning",)


def _with(said: str, named: Collection[str]) -> str:
    shown = ", ".join(name.replace("_", " ") for name in list(named)[:MOST_NAMED])
    return f"{said}: {shown}" if shown else said
