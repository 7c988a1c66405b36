"""A sparse matrix of documents and words or facets in, sums of its columns out: what a query says of each document.

Most columns hold few documents and are added at their places; those that many hold are kept whole as well, since adding
a row of all is several times faster than adding at so many places.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg.blas import saxpy

MANY: Final = 0.05
"""A column that more than this share of the documents hold is kept whole."""

Scores = npt.NDArray[np.float32]


class Columns:
    """The columns of a matrix (documents, n), its rows in the order that scores come in."""

    def __init__(self, matrix: sparse.csr_matrix | sparse.csc_matrix) -> None:
        held = matrix.tocsc()
        held.sort_indices()
        self._size = matrix.shape[0]
        self._starts: list[int] = held.indptr.tolist()
        self._rows, self._values = held.indices, held.data
        self._whole = {
            int(column): held[:, [column]].toarray().ravel()
            for column in np.flatnonzero(np.diff(held.indptr) > self._size * MANY)
        }

    def summed(self, weights: Iterable[tuple[int, float]]) -> Scores:
        """(documents,): the sum of the columns of these numbers, each once, times its weight."""
        found = np.zeros(self._size, dtype=np.float32)
        for column, weight in weights:
            whole = self._whole.get(column)
            if whole is not None:
                found = saxpy(whole, found, a=weight)
            else:
                rows, values = self.of(column)
                np.add.at(found, rows, values * np.float32(weight))
        return found

    def of(self, column: int) -> tuple[npt.NDArray[np.int32], Scores]:
        """The documents that a column holds, in ascending order, and its value for each."""
        start, end = self._starts[column], self._starts[column + 1]
        return self._rows[start:end], self._values[start:end]

    def held_by(self, column: int) -> int:
        """How many documents a column holds."""
        return self._starts[column + 1] - self._starts[column]
