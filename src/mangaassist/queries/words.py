"""Text in, comparable words out: one reading of English, romanised and Japanese text wherever words are matched."""

import re
import unicodedata
from typing import Final

KATAKANA: Final = "ァ-ヺー-ヿ"
UNSPACED: Final = f"々-〇ぁ-ゖゝ-ゟ{KATAKANA}㐀-䶿一-鿿豈-﫿"
"""Letters of scripts written without spaces, as the inside of a character class."""

_RUN: Final = re.compile(f"[{UNSPACED}]+|[^\\W_{UNSPACED}]+(?:['’][^\\W_{UNSPACED}]+)*")
_STARTS_UNSPACED: Final = re.compile(f"[{UNSPACED}]")
_APOSTROPHES: Final = re.compile("['’]s?")
_ACCENTS: Final = re.compile("[\u0300-\u036f]")


def folded(text: str) -> str:
    """The text as it is compared: NFKC, casefold, no accents on Latin letters; kana keep their voicing marks."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", plain)))


def words(text: str) -> list[str]:
    """The words of a text in their order: Latin ones without plural s, runs of kana and kanji as pairs of letters."""
    found: list[str] = []
    for run in _RUN.findall(folded(text)):
        if not _STARTS_UNSPACED.match(run):
            found.append(singular(run if run.isalnum() else _APOSTROPHES.sub("", run) or run))
        elif len(run) == 1:
            found.append(run)
        else:
            found += [run[place : place + 2] for place in range(len(run) - 1)]
    return found


def first_word(piece: str) -> str:
    """The first of the `words` of a piece of a folded text: letters of one script without an apostrophe, or a mark."""
    return piece[:2] if _STARTS_UNSPACED.match(piece) else singular(piece)


def singular(word: str) -> str:
    """The word without an English plural s: enough to let "vampires" meet "vampire"; short words stay."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
