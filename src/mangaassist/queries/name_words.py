"""Text in, its words with their places out, as names are matched: every kana and kanji a word of its own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mangaassist.data import Title
from mangaassist.queries.words import KATAKANA, UNSPACED, folded

MIN_LETTERS: Final = 3
"""Letters and digits that a name in a script with spaces needs; `OP` and `F4` say too little."""

MIN_JAPANESE_LETTERS: Final = 2

Name = tuple[str, ...]

_WORD: Final = f"[^\\W_{UNSPACED}]+"
_TOKEN: Final = re.compile(f"[{UNSPACED}]|{_WORD}(?:['’]{_WORD})*")
_HAS_UNSPACED: Final = re.compile(f"[{UNSPACED}]")
_LEAD: Final = re.compile("\\b(?:like|similar to|such as)[\\s\"'“‘«「『]*$")
_TRAIL: Final = re.compile("[\\s\"'”’»」』]*(?:みたい|のよう|っぽ|に似|に近|(?:mitai|no you) na\\b)")
_QUOTES: Final = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "「": "」", "『": "』"}
_LEAD_LENGTH: Final = 24


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text, where it stands there, and the word without a possessive 's."""

    word: str
    bare: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """The words of a folded text."""
    tokens = []
    for found in _TOKEN.finditer(text):
        word = re.sub("['’]", "", found[0])
        bare = word[:-1] if found[0].endswith(("'s", "’s")) else word
        tokens.append(Token(word, bare, found.start(), found.end()))
    return tokens


def names_of(title: Title) -> Iterator[Name]:
    """The names of a title that are long enough to be looked for, as words."""
    for name in (title.title, title.title_romaji, title.title_japanese, *title.aliases):
        words = tuple(token.word for token in tokens_of(folded(name or "")))
        letters = "".join(words)
        if len(letters) >= (MIN_JAPANESE_LETTERS if _HAS_UNSPACED.search(letters) else MIN_LETTERS):
            yield words


def is_spaced(word: str) -> bool:
    """Whether the word is of a script that is written with spaces."""
    return not _HAS_UNSPACED.search(word)


def stands_alone(text: str, span: Sequence[Token]) -> bool:
    """False inside a longer katakana word: バナナ does not name ナナ."""
    before, first = text[max(0, span[0].start - 1) : span[0].start], span[0].word[0]
    last, after = span[-1].word[-1], text[span[-1].end : span[-1].end + 1]
    return not any(re.fullmatch(f"[{KATAKANA}]{{2}}", two) for two in (before + first, last + after))


def is_led(text: str, span: Sequence[Token]) -> bool:
    """Whether "like", "similar to" or a Japanese counterpart makes a comparison of what stands here."""
    before, after = text[max(0, span[0].start - _LEAD_LENGTH) : span[0].start], text[span[-1].end :]
    return bool(_LEAD.search(before) or _TRAIL.match(after))


def is_quoted(text: str, span: Sequence[Token]) -> bool:
    """Whether it stands in quotes."""
    closing = _QUOTES.get(text[span[0].start - 1 : span[0].start])
    return closing is not None and text[span[-1].end :].lstrip(" .,!?").startswith(closing)
