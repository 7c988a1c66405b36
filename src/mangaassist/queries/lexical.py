"""Documents' words in, how well each document matches a query's words out: BM25 over the same words as everywhere.

Source: Robertson & Zaragoza 2009, with the idf that never turns negative. Scores are divided by the best of the query,
so that 1 is the best match whatever the query's length: that is what a weight can be fitted for. Of a message that is
matched in part the best is the part's share of what the message tells: words that are left over, as "like" and "it",
speak more softly than those that were typed to be matched.
"""

import math
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
COMMON_SHARE: Final = 0.3
"""A word that more of the documents hold than this is matched only where a message has no rarer one."""


class LexicalIndex:
    """The words of a corpus, ready to be matched. texts: one per document, in the order that scores come in.

    ignored: words that are matched in no document.
    """

    def __init__(self, texts: Sequence[str], *, ignored: frozenset[str] = frozenset()) -> None:
        counted = [Counter(word for word in words(text) if word not in ignored) for text in texts]
        frequency = Counter(word for count in counted for word in count)
        self._column = {word: number for number, word in enumerate(sorted(frequency))}
        self._size = len(texts)
        self._ignored = ignored
        lengths = np.array([sum(count.values()) for count in counted], dtype=np.float64)
        pull = 1 - LENGTH_PULL + LENGTH_PULL * lengths / max(lengths.mean() if len(lengths) else 0.0, 1.0)
        places = [
            (row, self._column[word], times) for row, count in enumerate(counted) for word, times in count.items()
        ]
        rows, columns, times = np.array(places, dtype=np.int64).reshape(-1, 3).T
        idf = np.array([self._idf(frequency[word]) for word in self._column], dtype=np.float64)
        weights = idf[columns] * times * (SATURATION + 1) / (times + SATURATION * pull[rows])
        shape = (self._size, len(self._column))
        self._weights = Columns(sparse.csc_matrix((weights.astype(np.float32), (rows, columns)), shape=shape))

    def scores(self, text: str, *, of: str | None = None) -> Scores:
        """(documents,) in [0, 1]: all 0 where no word is known, else 1 for the best match.

        of: the whole message, where the text is what is left of it; the best match then has the share of the message's
        idf that the text holds.
        """
        typed = dict.fromkeys(words(text))
        share = 1.0
        if of is not None:
            said = dict.fromkeys(words(of))
            typed = {word: None for word in typed if word in said}  # not the pronoun that stands for a title
            told = self._told(said)
            share = self._told(typed) / told if told else 0.0
        known = [self._column[word] for word in typed if word in self._column]
        rare = [column for column in known if self._weights.held_by(column) <= COMMON_SHARE * self._size]
        found = self._weights.summed((column, 1.0) for column in rare or known)
        best = found.max(initial=0.0)
        return np.divide(found, best / np.float32(share), out=found) if best > 0 else found

    def _told(self, typed: Iterable[str]) -> float:
        """The idf of these words, those that no document holds among them."""
        columns = (self._column.get(word) for word in typed if word not in self._ignored)
        return sum(self._idf(0 if column is None else self._weights.held_by(column)) for column in columns)

    def _idf(self, held: int) -> float:
        """Of a word that so many documents hold."""
        return math.log1p((self._size - held + 0.5) / (held + 0.5))

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
