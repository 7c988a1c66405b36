"""Texts in, the words in them that the catalogue does not speak out: manga slang, romanised Japanese, unknown words."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from mangaassist.core.errors import SettingsError
from mangaassist.queries import folded, words

SLANG_FILE: Final = "slang.toml"
_STOP: Final = frozenset(
    words(
        """
        a about after again all also always am an and any anything anyone are around as at be because been before being
        but by can cant could did do does doing dont else even ever every few find first for from get give go good got
        had has have having help her him his how i id if ill im in into is isnt it its ive just know last less like
        looking lot make many maybe me mean more most much my need new no not now of off on one only or other our out
        over own please pls read reading really recommend recommendation recommendations same say she should so some
        something sort still story such suggest suggestion take than thanks that the their them then there these they
        thing things this those to too try two up us very want wanted was way we well were what when where which while
        who whose why will with without wont would wanna gonna you your manga mangas comic comics book books series
        title titles volume volumes anime best great nice any
        """
    )
)
_LATIN: Final = re.compile(r"[a-z]+")
_SYLLABLES: Final = re.compile(
    "(?:(?:kk|ss|tt|pp|k|g|s|z|t|d|n|h|b|p|m|r)?y?[aiueo]|(?:s|ss)h[aiueo]|t?ch[aiueo]|t?tsu|[jfw][aiueo]|n(?![aiueoy]))+"
)
_VOWELS: Final = re.compile("[aiueo]+")
_FEWEST_LETTERS: Final = 5
_PHRASE_LENGTH: Final = 3


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    slang: list[str] = []
    known: list[str] = []


@dataclass(frozen=True, slots=True)
class WordList:
    """slang: words of manga readers.  known: words that are none, though they read like Japanese."""

    slang: frozenset[tuple[str, ...]]
    known: frozenset[str]


def read_word_list(folder: Path) -> WordList:
    """The built-in list with a workspace's own `slang.toml` added; raises SettingsError naming the file."""
    source = resources.files("mangaassist.feedback") / SLANG_FILE
    built_in, own = _parse(source.read_bytes(), SLANG_FILE), _File()
    if (folder / SLANG_FILE).is_file():
        own = _parse((folder / SLANG_FILE).read_bytes(), str(folder / SLANG_FILE))
    taken_out = {tuple(words(each)) for each in own.known}
    slang = {tuple(words(each)) for each in (*built_in.slang, *own.slang)} - taken_out
    return WordList(frozenset(slang - {()}), frozenset(folded(each) for each in (*built_in.known, *own.known)))


def _parse(content: bytes, source: str) -> _File:
    try:
        return _File.model_validate(tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(f'{source}: {reason}; write slang = ["word", …] and known = ["word", …]') from error


def is_romanised(word: str) -> bool:
    """Whether a folded word is made of Japanese syllables, three or more letters' worth of them; English words may be.

    >>> [is_romanised(word) for word in ("nakama", "honobono", "rivals", "banana")]
    [True, True, False, True]
    """
    if len(word) < _FEWEST_LETTERS or not _SYLLABLES.fullmatch(word):
        return False
    return len(_VOWELS.findall(word)) >= 2 + (len(word) > 7)


@dataclass(frozen=True, slots=True)
class Wording:
    """slang, romanised, unknown: words of a text that the catalogue does not speak, each in the first that fits.

    words: how many words of the text say something.
    """

    slang: tuple[str, ...]
    romanised: tuple[str, ...]
    unknown: tuple[str, ...]
    words: int

    def is_foreign(self, unknown_share: float) -> bool:
        """Whether the text is worded otherwise than the catalogue: slang, romanised, or mostly unknown."""
        foreign = len(self.unknown) + len(self.romanised) + len(self.slang)
        return bool(self.slang or self.romanised) or (self.words > 0 and foreign / self.words >= unknown_share)


class Vocabulary:
    """The words that a shop's documents speak. texts: all that may be searched.  phrases: of the lexicon."""

    def __init__(self, texts: Iterable[str], word_list: WordList, phrases: Mapping[str, object] | None = None) -> None:
        self._known = {word for text in texts for word in words(text)}
        self._understood = {tuple(words(each)) for each in phrases or {}}
        self._slang = {each for each in word_list.slang if not self._speaks(each) and each not in self._understood}
        self._known |= {word for phrase in self._understood for word in phrase if len(phrase) == 1}
        self._not_japanese = word_list.known

    def understands(self, phrase: str) -> bool:
        """Whether it is a phrase of the lexicon."""
        return tuple(words(phrase)) in self._understood

    def wording(self, text: str) -> Wording:
        """What of a text the documents do not speak."""
        found = words(text)
        slang = [
            " ".join(found[place : place + length])
            for length in range(1, _PHRASE_LENGTH + 1)
            for place in range(len(found) - length + 1)
            if tuple(found[place : place + length]) in self._slang
        ]
        in_slang = {word for phrase in slang for word in phrase.split()}
        strange = [word for word in dict.fromkeys(found) if word not in self._known and word not in _STOP | in_slang]
        romanised = [word for word in strange if self._is_japanese(word)]
        unknown = [word for word in strange if word not in romanised]
        telling = [word for word in dict.fromkeys(found) if word not in _STOP]
        return Wording(tuple(slang), tuple(romanised), tuple(unknown), len(telling))

    def _speaks(self, phrase: tuple[str, ...]) -> bool:
        return all(word in self._known for word in phrase)

    def _is_japanese(self, word: str) -> bool:
        return bool(_LATIN.fullmatch(word)) and word not in self._not_japanese and is_romanised(word)


def telling_words(text: str) -> list[str]:
    """The words of a text that say something, each once, in their order; in Japanese pairs of letters."""
    return [word for word in dict.fromkeys(words(text)) if word not in _STOP]
