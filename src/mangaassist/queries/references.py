"""Query text in, the titles it names out: by English, romanised or Japanese title, or alias, as whole words.

Texts and names are compared after NFKC and casefold, without accents on Latin letters and without punctuation. Letters
of a script written without spaces are words of their own, so a Japanese name is found inside a sentence. Misspelt
names are not found.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mangaassist.core.types import DocId
from mangaassist.data import Title

MIN_LETTERS: Final = 3
"""Letters and digits that a name in a script with spaces needs; `OP` and `F4` say too little."""

MIN_JAPANESE_LETTERS: Final = 2

ORDINARY_WORDS: Final = frozenset(
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

_KATAKANA: Final = "ァ-ヺー-ヿ"
_UNSPACED: Final = f"々-〇ぁ-ゖゝ-ゟ{_KATAKANA}㐀-䶿一-鿿豈-﫿"
_WORD: Final = f"[^\\W_{_UNSPACED}]+"
_TOKEN: Final = re.compile(f"[{_UNSPACED}]|{_WORD}(?:['’]{_WORD})*")
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_LEAD: Final = re.compile("\\b(?:like|similar to|such as)[\\s\"'“‘«「『]*$")
_TRAIL: Final = re.compile("[\\s\"'”’»」』]*(?:みたい|のよう|っぽ|に似|に近)")
_QUOTES: Final = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "「": "」", "『": "』"}
_LEAD_LENGTH: Final = 24


@dataclass(frozen=True, slots=True)
class _Token:
    """One word of a text, where it stands there, and the word without a possessive 's."""

    word: str
    bare: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Match:
    """A name found in a text."""

    start: int
    end: int
    titles: frozenset[DocId]


class TitleResolver:
    """Finds the titles that texts name; holds the names of a catalogue, ready to be looked up."""

    def __init__(self, titles: Iterable[Title]) -> None:
        named: dict[tuple[str, ...], set[DocId]] = {}
        for title in titles:
            for name in _names(title):
                named.setdefault(name, set()).add(DocId(title.title_id))
        self._titles = {name: frozenset(each) for name, each in named.items()}
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        for name in self._titles:
            self._by_first.setdefault(name[0], []).append(name)

    def named(self, text: str) -> frozenset[DocId]:
        """The titles that the text names. Where names overlap the longest counts; a shared name names all its titles.

        So "Dragon Ball Super" does not name Dragon Ball. An ordinary word such as "monster" names a title only after
        "like" or "similar to", before their Japanese counterparts, or in quotes.
        """
        folded = _folded(text)
        longest_first = sorted(self._matches(folded), key=lambda match: (match.start - match.end, match.start))
        found: list[_Match] = []
        for match in longest_first:
            if all(match.end <= other.start or other.end <= match.start for other in found):
                found.append(match)
        return frozenset().union(*(match.titles for match in found))

    def _matches(self, folded: str) -> Iterator[_Match]:
        tokens = _tokens(folded)
        for place, token in enumerate(tokens):
            for first in {token.word, token.bare}:
                for name in self._by_first.get(first, ()):
                    span = tokens[place : place + len(name)]
                    if _says(span, name) and _stands_alone(folded, span) and _is_meant(folded, span, name):
                        yield _Match(span[0].start, span[-1].end, self._titles[name])


def _names(title: Title) -> Iterator[tuple[str, ...]]:
    """The names of a title that are long enough to be looked for, as words."""
    for name in (title.title, title.title_romaji, title.title_japanese, *title.aliases):
        words = tuple(token.word for token in _tokens(_folded(name or "")))
        letters = "".join(words)
        if len(letters) >= (MIN_JAPANESE_LETTERS if re.search(f"[{_UNSPACED}]", letters) else MIN_LETTERS):
            yield words


def _folded(text: str) -> str:
    """The text as it is compared: NFKC, casefold, no accents; kana keep their voicing marks."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", plain)))


def _tokens(folded: str) -> list[_Token]:
    tokens = []
    for found in _TOKEN.finditer(folded):
        word = re.sub("['’]", "", found[0])
        bare = word[:-1] if found[0].endswith(("'s", "’s")) else word
        tokens.append(_Token(word, bare, found.start(), found.end()))
    return tokens


def _says(span: list[_Token], name: tuple[str, ...]) -> bool:
    """Whether these tokens are the name; the last may carry a possessive 's, as in "Berserk's world"."""
    if len(span) != len(name) or any(token.word != word for token, word in zip(span[:-1], name[:-1], strict=True)):
        return False
    return name[-1] in (span[-1].word, span[-1].bare)


def _stands_alone(folded: str, span: list[_Token]) -> bool:
    """False inside a longer katakana word: バナナ does not name ナナ."""
    before, first = folded[max(0, span[0].start - 1) : span[0].start], span[0].word[0]
    last, after = span[-1].word[-1], folded[span[-1].end : span[-1].end + 1]
    return not any(re.fullmatch(f"[{_KATAKANA}]{{2}}", two) for two in (before + first, last + after))


def _is_meant(folded: str, span: list[_Token], name: tuple[str, ...]) -> bool:
    """Whether the words are there as a name: always, unless they are ordinary words or a number."""
    letters = "".join(name)
    if letters not in ORDINARY_WORDS and not letters.isdigit():
        return True
    before, after = folded[: span[0].start], folded[span[-1].end :]
    closing = _QUOTES.get(before[-1:])
    is_quoted = closing is not None and after.lstrip(" .,!?").startswith(closing)
    return is_quoted or bool(_LEAD.search(before[-_LEAD_LENGTH:]) or _TRAIL.match(after))
