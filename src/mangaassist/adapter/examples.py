"""Examples and base vectors in, one training set of arrays out: what closed forms and gradients both read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId, Example, Vectors
from mangaassist.pairs import normalise

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Everything that trains, as arrays.

    queries (n, d), documents (m, d): base vectors. query, positive (e,): rows of an example; weight (e,): its weight.
    words (n,): queries of one number say the same (NFKC, casefold); client (e,): who is behind an example, -1 where
    nobody is.
    hard_negatives (e, h): rows of `documents`, -1 where there are fewer.
    relevant (n, m): sparse, 1 where a document is a known positive of a query, so that it is never its negative.
    corpus_left, corpus_right (c, d): self-supervised pairs of the corpus (title ↔ text), possibly none;
    corpus_group (c,): pairs of one number say the same on their left, so they are no negatives of each other.
    """

    queries: Vectors
    documents: Vectors
    query: Indices
    positive: Indices
    weight: npt.NDArray[np.float32]
    words: Indices
    client: Indices
    hard_negatives: Indices
    relevant: sparse.csr_matrix
    corpus_left: Vectors
    corpus_right: Vectors
    corpus_group: Indices

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self.documents.shape[1])

    @property
    def answers(self) -> sparse.csr_matrix:
        """(n, m) sparse: the weight of the examples in which a document answers a query."""
        shape = (len(self.queries), len(self.documents))
        return sparse.csr_matrix((self.weight, (self.query, self.positive)), shape=shape)


@dataclass(frozen=True, slots=True)
class CorpusVectors:
    """The documents' base vectors with their ids, and those of the self-supervised pairs of the same corpus."""

    doc_ids: Sequence[DocId]
    documents: Vectors
    left: Vectors
    right: Vectors
    group: Indices


def training_set(
    examples: Sequence[Example], query_vectors: Mapping[str, Vectors], corpus: CorpusVectors
) -> TrainingSet:
    """Arrays for the examples; `query_vectors` holds the base vector of every query text.

    Raises DataError if there is no example, or one names a document outside the corpus.
    """
    if not examples:
        raise DataError("there is nothing to train on: no example was made; check the pairs and what they dropped")
    row_of = {doc_id: row for row, doc_id in enumerate(corpus.doc_ids)}
    texts = sorted({example.query_text for example in examples})
    query_of = {text: row for row, text in enumerate(texts)}
    most = max(len(example.hard_negatives) for example in examples)
    hard = np.full((len(examples), most), -1, dtype=np.int64)
    for row, example in enumerate(examples):
        _require(row_of, example)
        hard[row, : len(example.hard_negatives)] = [row_of[doc_id] for doc_id in example.hard_negatives]
    return TrainingSet(
        queries=np.stack([query_vectors[text] for text in texts]),
        documents=corpus.documents,
        query=np.array([query_of[example.query_text] for example in examples], dtype=np.int64),
        positive=np.array([row_of[example.positive] for example in examples], dtype=np.int64),
        weight=np.array([example.weight for example in examples], dtype=np.float32),
        words=_numbered(normalise(text) for text in texts),
        client=_numbered(["", *(example.client for example in examples)])[1:] - 1,
        hard_negatives=hard,
        relevant=_relevant(examples, query_of, row_of),
        corpus_left=corpus.left,
        corpus_right=corpus.right,
        corpus_group=corpus.group,
    )


def _numbered(names: Iterable[str]) -> Indices:
    """A number for each, from 0, equal names equal numbers."""
    number: dict[str, int] = {}
    return np.array([number.setdefault(name, len(number)) for name in names], dtype=np.int64)


def _require(row_of: Mapping[DocId, int], example: Example) -> None:
    for doc_id in (example.positive, *example.hard_negatives):
        if doc_id not in row_of:
            raise DataError(
                f"the pair {example.query_text[:60]!r} names {doc_id!r}, which is not in the catalogue; "
                "ingest the catalogue that these logs belong to"
            )


def _relevant(
    examples: Sequence[Example], query_of: Mapping[str, int], row_of: Mapping[DocId, int]
) -> sparse.csr_matrix:
    found: dict[int, set[int]] = {}
    for example in examples:
        relevant = found.setdefault(query_of[example.query_text], set())
        relevant.add(row_of[example.positive])
        relevant.update(row_of[doc_id] for doc_id in row_of.keys() & example.also_positive)
    cells = [(row, column) for row in sorted(found) for column in sorted(found[row])]
    rows, columns = np.array(cells, dtype=np.int64).reshape(-1, 2).T
    ones = np.ones(len(rows), dtype=bool)
    return sparse.csr_matrix((ones, (rows, columns)), shape=(len(query_of), len(row_of)))
