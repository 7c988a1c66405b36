"""Text in, the script that it is written in out: Latin, kana and kanji, Cyrillic, as Unicode names them.

A script is what can be told for certain of five words; of languages that share one, a short query tells too little.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

JAPANESE: Final = "japanese"
_JAPANESE_LETTERS: Final = frozenset({"cjk", "hiragana", "katakana", "katakana-hiragana", "ideographic"})


def script_of(text: str) -> str | None:
    """The script of most of its letters, in lower case ("latin"); None where there is no letter.

    Kana and kanji are one, `japanese`, whatever language the kanji are; of equally many letters the first in the
    alphabet counts.
    """
    count = Counter(script for letter in text if (script := _of_letter(letter)))
    return min(count, key=lambda script: (-count[script], script)) if count else None


def scripts_of(texts: Iterable[str], *, fewest: int) -> frozenset[str]:
    """The scripts that at least so many of these different texts are written in."""
    count = Counter(script_of(text) for text in set(texts))
    return frozenset(script for script, times in count.items() if script is not None and times >= fewest)


@lru_cache(maxsize=8_192)
def _of_letter(letter: str) -> str | None:
    if not letter.isalpha():
        return None
    family = unicodedata.name(unicodedata.normalize("NFKC", letter)[0], "").partition(" ")[0].lower()
    return JAPANESE if family in _JAPANESE_LETTERS else family or None
