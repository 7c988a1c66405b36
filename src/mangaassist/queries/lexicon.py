"""A catalogue's facets and a lexicon in, the phrases that mean them out: "iyashikei" → healing, "comfy" → cozy.

Who turns something down turns down more than its name: no fantasy is no dark fantasy and no elves either. Facets whose
name ends in that of another ("dark fantasy") are kinds of it; what names do not tell stands in `[turned_down]`.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from mangaassist.core.errors import SettingsError
from mangaassist.queries.facets import Facet, facet_of
from mangaassist.queries.words import UNSPACED, words

LEXICON_FILE: Final = "lexicon.toml"
SECTIONS: Final = ("facets", "turned_down", "ignored")

_ADJECTIVE: Final = re.compile(f"[{UNSPACED}]*[^ぁ-ゖ][ぁ-ゖ]?い")

_SECTIONS = TypeAdapter(dict[str, dict[str, tuple[str, ...]]])

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What shoppers' phrases mean. facets: phrase → names of facets.

    turned_down: phrase → names of what is turned down with it, instead of what `facets` says; of a facet that bears its
    name, along with that. A phrase that stands only here asks for nothing ("nobody dies").
    ignored: "words" → those that say nothing in this shop, where everything is a manga: no document is found by them.
    """

    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    turned_down: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def ignored_words(self) -> frozenset[str]:
        """The words of `ignored`, as `words` gives them."""
        return frozenset(word for listed in self.ignored.values() for said in listed for word in words(said))

    def as_json(self) -> dict[str, dict[str, list[str]]]:
        """Its sections, as they are stored."""
        return {
            name: {phrase: list(facets) for phrase, facets in section.items()}
            for name, section in zip(SECTIONS, (self.facets, self.turned_down, self.ignored), strict=True)
        }


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase means in a catalogue: the facets it asks for, those it turns down where it is turned down itself.

    along: what is turned down along with those, unless it is asked for elsewhere in the text.
    describes: whether the phrase only says how something is, not what: "sad", beside "romance".
    """

    asked: frozenset[Facet]
    turned_down: frozenset[Facet]
    along: frozenset[Facet]
    describes: bool = False


def built_in_lexicon() -> Lexicon:
    """The phrases that come with the program."""
    source = resources.files("mangaassist.queries") / LEXICON_FILE
    return _parse(source.read_bytes(), LEXICON_FILE)


def read_lexicon(folder: Path, *, learnt: Lexicon | None = None) -> Lexicon:
    """The built-in phrases with those of a workspace's own file added, which go before them.

    learnt: phrases that reviewers accepted; they go before the built-in ones, and behind the workspace's own.
    Raises SettingsError naming the file if it is not what its sections, phrase = list of facets, should be.
    """
    path, built_in, between = folder / LEXICON_FILE, built_in_lexicon(), learnt or Lexicon()
    own = _parse(path.read_bytes(), str(path)) if path.is_file() else Lexicon()
    return Lexicon(
        {**built_in.facets, **between.facets, **own.facets},
        {**built_in.turned_down, **between.turned_down, **own.turned_down},
        {**built_in.ignored, **between.ignored, **own.ignored},
    )


def lexicon_of(sections: Mapping[str, Mapping[str, Sequence[str]]]) -> Lexicon:
    """The lexicon that `as_json` gave."""
    return Lexicon(
        **{name: {phrase: tuple(facets) for phrase, facets in section.items()} for name, section in sections.items()}
    )


def _parse(content: bytes, source: str) -> Lexicon:
    try:
        sections = _SECTIONS.validate_python(tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(f'{source}: {reason}; write [facets] and lines such as "cosy" = ["cozy"]') from error
    unknown = sorted(set(sections) - set(SECTIONS))
    if unknown:
        known = ", ".join(f"[{name}]" for name in SECTIONS)
        raise SettingsError(f"{source}: has a section {unknown[0]!r}; there are {known}")
    return lexicon_of(sections)


def phrases_of(lexicon: Lexicon, facets: Iterable[Facet], tones: Iterable[Facet] = ()) -> dict[Words, Meaning]:
    """Words → what they mean in this catalogue; every facet is also a phrase of its own.

    tones: of the facets, those that only describe.
    """
    known, moods = frozenset(facets), frozenset(tones)
    asked: dict[Words, frozenset[Facet]] = {facet: frozenset({facet}) for facet in known}
    for phrase, names in lexicon.facets.items():
        meant = known & {facet_of(name) for name in names}
        for key in _forms(phrase):
            if meant:
                asked[key] = meant
            elif not names:
                asked.pop(key, None)
    narrower = _Narrower(lexicon, known)
    phrases = {key: narrower.meaning(key, meant, describes=meant <= moods) for key, meant in asked.items()}
    for phrase in lexicon.turned_down:
        for key in _forms(phrase):
            meaning = narrower.meaning(key, frozenset(), describes=False)
            if key not in phrases and (meaning.turned_down or meaning.along):
                phrases[key] = meaning
    return phrases


class _Narrower:
    """Knows what is turned down along with a phrase or a facet, and along with that, and so on."""

    def __init__(self, lexicon: Lexicon, known: frozenset[Facet]) -> None:
        self._known = known
        self._listed = {
            key: frozenset(map(facet_of, names))
            for phrase, names in lexicon.turned_down.items()
            for key in _forms(phrase)
        }
        self._kinds: dict[Facet, set[Facet]] = {}
        for facet in known:
            for start in range(1, len(facet)):
                self._kinds.setdefault(facet[start:], set()).add(facet)

    def meaning(self, phrase: Words, asked: frozenset[Facet], *, describes: bool) -> Meaning:
        """What a phrase that asks for these facets means; turned down, it means what it is listed for, if it is."""
        listed = self._known & self._listed.get(phrase, asked)
        named = frozenset({phrase}) if phrase in self._known else listed
        return Meaning(asked, named, self._along(phrase, named), describes)

    def _along(self, phrase: Words, named: frozenset[Facet]) -> frozenset[Facet]:
        found: set[Facet] = set()
        open_ends = [phrase, *named]
        while open_ends:
            each = open_ends.pop()
            more = (self._listed.get(each, frozenset()) | self._kinds.get(each, set())) - found
            found |= more
            open_ends += more
        return (frozenset(found) & self._known) - named


def _forms(phrase: str) -> Iterator[Words]:
    """A phrase as words; of a Japanese adjective in い also its stem before く and すぎ: 怖い, 怖くない, 怖すぎる."""
    yield tuple(words(phrase))
    if _ADJECTIVE.fullmatch(phrase):
        yield from (tuple(words(phrase[:-1] + ending)) for ending in ("く", "すぎ", "過ぎ"))
