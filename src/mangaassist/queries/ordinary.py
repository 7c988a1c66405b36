"""Titles in, the names among theirs that are ordinary words out: these name a title only where they are meant.

Two sources say what is ordinary: a short list, and the catalogue's own descriptions. A name whose words would meet by
chance in more than one description in a thousand (the product of the shares of descriptions that have each word) says
nothing by standing in a text. Only lower-case words count, so that a hero's name in his own description is no evidence.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from mangaassist.data import Title

LISTED: Final = frozenset(
    re.findall(
        r"\w+",
        """
        antique bakery basara beck bleach blue chi classmates cobra dna drifters eden emma given gravitation historie
        innocent kingdom life loveless mars mob monster nana oldboy orange pot real sanctuary spiral sunny touch whistle
        wish オレンジ タッチ モンスター リアル 同級生 砂時計
        """,
    )
)
"""Names that are also ordinary words: they name a title only after "like" or "similar to", or in quotes."""

LIKELY_BY_CHANCE: Final = 1e-3
_FEWEST_TEXTS: Final = 1_000
"""Of fewer descriptions none is typical: a word in 2 of 370 would count as common."""

_LOWER_CASE: Final = re.compile(r"(?<![\w'’])[a-z]+(?:['’][a-z]+)*(?![\w'’])")


class OrdinaryWords:
    """Knows how common the words of a catalogue's descriptions are."""

    def __init__(self, titles: Iterable[Title]) -> None:
        texts = [title.description for title in titles if title.description]
        self._texts = max(len(texts), _FEWEST_TEXTS)
        self._count = Counter(
            word
            for text in texts
            for word in {found.replace("'", "").replace("’", "") for found in _LOWER_CASE.findall(text)}
        )

    def __contains__(self, name: Sequence[str]) -> bool:
        """Whether these words, one after another, say too little to be taken for a name."""
        letters = "".join(name)
        if letters in LISTED or letters.isdigit():
            return True
        return math.prod(self._count[word] / self._texts for word in name) > LIKELY_BY_CHANCE

    def knows(self, word: str) -> bool:
        """Whether any description has the word in lower case."""
        return word in self._count
