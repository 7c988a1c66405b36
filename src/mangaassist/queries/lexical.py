"""Documents' words in, how well each document matches a query's words out: BM25 over the same words as everywhere.

Source: Robertson & Zaragoza 2009, with the idf that never turns negative. Scores are divided by the best of the query,
so that 1 is the best match whatever the query's length: that is what a weight can be fitted for.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from scipy import sparse

from mangaassist.queries.columns import Columns, Scores
from mangaassist.queries.words import words

SATURATION: Final = 1.2
LENGTH_PULL: Final = 0.75
TELLING_SHARE: Final = 0.1
"""A word that more of the documents hold than this tells nobody why one of them was found."""


class LexicalIndex:
    """The words of a corpus, ready to be matched. texts: one per document, in the order that scores come in.

    ignored: words that are matched in no document.
    """

    def __init__(self, texts: Sequence[str], *, ignored: frozenset[str] = frozenset()) -> None:
        counted = [Counter(word for word in words(text) if word not in ignored) for text in texts]
        frequency = Counter(word for count in counted for word in count)
        self._column = {word: number for number, word in enumerate(sorted(frequency))}
        self._size = len(texts)
        lengths = np.array([sum(count.values()) for count in counted], dtype=np.float64)
        pull = 1 - LENGTH_PULL + LENGTH_PULL * lengths / max(lengths.mean() if len(lengths) else 0.0, 1.0)
        places = [
            (row, self._column[word], times) for row, count in enumerate(counted) for word, times in count.items()
        ]
        rows, columns, times = np.array(places, dtype=np.int64).reshape(-1, 3).T
        held = np.array([frequency[word] for word in self._column], dtype=np.float64)
        idf = np.log1p((self._size - held + 0.5) / (held + 0.5))
        weights = idf[columns] * times * (SATURATION + 1) / (times + SATURATION * pull[rows])
        shape = (self._size, len(self._column))
        self._weights = Columns(sparse.csc_matrix((weights.astype(np.float32), (rows, columns)), shape=shape))

    def scores(self, text: str) -> Scores:
        """(documents,) in [0, 1]: 1 for the best match, all 0 where no word is known."""
        columns = [self._column[word] for word in dict.fromkeys(words(text)) if word in self._column]
        found = self._weights.summed((column, 1.0) for column in columns)
        best = found.max(initial=0.0)
        return np.divide(found, best, out=found) if best > 0 else found

    def telling_words(self, typed: Iterable[str], row: int) -> list[str]:
        """Which of these words, as `words` gives them, this document holds and few others do, the weightiest first."""
        return self.telling_words_of(typed, [row])[0]

    def telling_words_of(self, typed: Iterable[str], rows: Sequence[int]) -> list[list[str]]:
        """The same for several documents at once."""
        found: list[list[tuple[float, str]]] = [[] for _ in rows]
        wanted, most = np.asarray(rows, dtype=np.int32), max(1.0, TELLING_SHARE * self._size)
        for word in dict.fromkeys(typed):
            column = self._column.get(word)
            if column is None or self._weights.held_by(column) > most:
                continue
            holding, weights = self._weights.of(column)
            places = holding.searchsorted(wanted)
            places[places == len(holding)] = 0  # a row behind the last, which is none of those before it either
            for number in (holding[places] == wanted).nonzero()[0].tolist():
                found[number].append((-float(weights[places[number]]), word))
        return [[word for _, word in sorted(each)] for each in found]
