"""A reading and base vectors in, one composed query out: its vector, and what else speaks for or against each document.

    score(document) = adapted(composed vector) · adapted(document vector)
                      + lexical · BM25 + reference_facets · alike + wanted · share - rejected · has

The weights are fitted on validation and live in the release; all 0 is the plain query, as of the identity release.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from scipy.linalg.blas import saxpy

from mangaassist.core.types import Adjustment, DocId, Document, Vectors
from mangaassist.data import Title
from mangaassist.queries.lexical import LexicalIndex
from mangaassist.queries.lexicon import Lexicon, built_in_lexicon
from mangaassist.queries.reading import QueryReader, Reading

Signals = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CompositionWeights:
    """How much each part of a composed query counts; 0 leaves it out.

    reference: of the named titles' mean vector, where the query's own counts 1.  The others are in units of cosine:
    lexical: of the best BM25 score.  reference_facets: of having just the named titles' facets.
    wanted: of meeting every wish.  rejected: taken off for having a facet that was turned down.
    """

    reference: float = 0.0
    lexical: float = 0.0
    reference_facets: float = 0.0
    wanted: float = 0.0
    rejected: float = 0.0

    @property
    def of_signals(self) -> Signals:
        """The weights of `SIGNALS`, in their order and with their sign."""
        return np.array([self.lexical, self.reference_facets, self.wanted, -self.rejected], dtype=np.float32)


PLAIN = CompositionWeights()
SIGNALS = tuple(field.name for field in fields(CompositionWeights) if field.name != "reference")


def compose_vectors(base: Vectors, references: Sequence[Vectors], weight: float) -> Vectors:
    """The base query vectors (n, d) joined with those of the titles they name, unit length.

    references: per query (r, d) base vectors of the named titles, r possibly 0.
    """
    composed = base.copy()
    for row, named in enumerate(references):
        if weight and len(named):
            joined = base[row] + weight * named.mean(axis=0)
            composed[row] = joined / max(float(np.linalg.norm(joined)), 1e-9)
    return composed


class Composer:
    """Reads queries against one catalogue and says what speaks for each document besides its vector.

    documents: in the order of their vectors and scores.  titles: the records behind those that are titles.
    lexicon: what shoppers' phrases mean; None is the built-in one.  reader: one for these documents and that lexicon,
    where it is there already: it knows nothing of their texts.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        titles: Sequence[Title],
        lexicon: Lexicon | None = None,
        *,
        reader: QueryReader | None = None,
    ) -> None:
        doc_ids = [document.doc_id for document in documents]
        lexicon = built_in_lexicon() if lexicon is None else lexicon
        self.reader = reader or QueryReader(titles, doc_ids, lexicon)
        self.lexical = LexicalIndex(_lexical_texts(documents, titles), ignored=lexicon.ignored_words)
        kinds = np.array([document.kind for document in documents], dtype=str)
        self._of_kind = {str(kind): kinds == kind for kind in np.unique(kinds)}
        self._row = {doc_id: row for row, doc_id in enumerate(doc_ids)}

    def reference_rows(self, reading: Reading) -> list[int]:
        """The rows of the titles that a reading names."""
        return [self._row[doc_id] for doc_id in reading.references if doc_id in self._row]

    def signals(self, reading: Reading) -> Signals:
        """(4, documents) in [0, 1]: every one of `SIGNALS`, unweighted."""
        return np.stack([scores() for _, scores in self._told(reading)])

    def _told(self, reading: Reading) -> tuple[tuple[bool, Callable[[], Signals]], ...]:
        """Of each of `SIGNALS`, in their order: whether the reading has any of it, and what works its scores out."""
        facets = self.reader.facets
        return (
            (True, lambda: self.lexical.scores(reading.rest, of=reading.text)),
            (bool(reading.references), lambda: facets.alike(reading.references)),
            (bool(reading.asked), lambda: facets.wanted(reading.asked)),
            (bool(reading.rejected), lambda: facets.having(reading.rejected)),
        )

    def adjustment(self, reading: Reading, weights: CompositionWeights) -> Adjustment:
        """What speaks for each document besides its vector, under these weights, and what may be returned."""
        return Adjustment(self._bonus(reading, weights), self.allowed(reading))

    def _bonus(self, reading: Reading, weights: CompositionWeights) -> Signals | None:
        """The weighted sum of `signals`; those of weight 0, and those that are 0 everywhere, are not worked out."""
        weighted = weights.of_signals
        if not weighted.any():
            return None
        bonus: Signals | None = None
        for weight, (is_told, scores) in zip(weighted, self._told(reading), strict=True):
            if weight and is_told:
                found = scores()  # its own array, so that it may become the sum
                bonus = np.multiply(found, weight, out=found) if bonus is None else saxpy(found, bonus, a=weight)
        return np.zeros(len(self._row), dtype=np.float32) if bonus is None else bonus

    def allowed(self, reading: Reading) -> npt.NDArray[np.bool_]:
        """(documents,): whether each may be returned at all."""
        if reading.kinds is None:
            allowed = np.ones(len(self._row), dtype=bool)
        else:
            allowed = np.zeros(len(self._row), dtype=bool)
            for kind in reading.kinds & self._of_kind.keys():
                allowed |= self._of_kind[kind]
        for doc_id in reading.hidden:
            if doc_id in self._row:
                allowed[self._row[doc_id]] = False
        return allowed


def _lexical_texts(documents: Sequence[Document], titles: Sequence[Title]) -> list[str]:
    """A document's text, and of a title all the names it goes by."""
    names = {
        DocId(title.title_id): (title.title_romaji or "", title.title_japanese or "", *title.aliases)
        for title in titles
    }
    return [" ".join((document.text, *names.get(document.doc_id, ()))) for document in documents]
