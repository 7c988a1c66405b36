"""Query text in, the titles it names out: by English, romanised or Japanese title, or alias, as whole words.

Texts and names are compared after NFKC and casefold, without accents on Latin letters and without punctuation. Letters
of a script written without spaces are words of their own, so a Japanese name is found inside a sentence. `named` finds
names as they are written; `references`, what a shopper wants more of, also finds misspelt and run-together ones.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mangaassist.core.spans import replaced
from mangaassist.core.types import DocId
from mangaassist.data import Title
from mangaassist.queries.misspelt import LONGEST_WINDOW, MisspeltNames
from mangaassist.queries.name_words import (
    Name,
    Token,
    is_led,
    is_quoted,
    is_spaced,
    names_of,
    stands_alone,
    tokens_of,
)
from mangaassist.queries.ordinary import OrdinaryWords
from mangaassist.queries.words import folded

MOST_WORDS = 64
"""Slips are looked for in so many words from the start: longer texts tell what they want early on."""

MENTIONED = 0.1
"""A Japanese name that makes up less of a text stands in it by the way: 日常, the title, is in many a blurb."""

PRONOUN = "it"
"""What stands for a name in what is left of a text: what a name says is no wish, as the death in Death Note."""


@dataclass(frozen=True, slots=True)
class _Match:
    """A name found in a text. is_led: the text compares with it; is_ordinary: its words could stand there by chance."""

    start: int
    end: int
    titles: frozenset[DocId]
    is_led: bool
    is_ordinary: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """references: the titles of a text, by where they stand in it. rest: the folded text without their names."""

    references: tuple[DocId, ...]
    rest: str


class TitleResolver:
    """Finds the titles that texts name; holds the names of a catalogue, ready to be looked up."""

    def __init__(self, titles: Iterable[Title]) -> None:
        titles = list(titles)
        named: dict[Name, set[DocId]] = {}
        for title in titles:
            for name in names_of(title):
                named.setdefault(name, set()).add(DocId(title.title_id))
        self._titles = {name: frozenset(each) for name, each in named.items()}
        lengths: dict[Name, set[int]] = {}
        for name in self._titles:
            lengths.setdefault(name[:2], set()).add(len(name))
        self._lengths = {start: sorted(each, reverse=True) for start, each in lengths.items()}
        self._ordinary = OrdinaryWords(titles)
        self._words = {word for name in self._titles for word in name}
        self._misspelt = MisspeltNames(name for name in self._titles if all(map(is_spaced, name)))
        self._popularity = {DocId(title.title_id): title.popularity or 0.0 for title in titles}

    def named(self, text: str) -> frozenset[DocId]:
        """The titles that the text names. Where names overlap the longest counts; a shared name names all its titles.

        So "Dragon Ball Super" does not name Dragon Ball. An ordinary word such as "monster" names a title only after
        "like" or "similar to", before their Japanese counterparts, or in quotes. So does a Japanese name in a long
        text, which has no spaces to tell a name from a part of another word.
        """
        text = folded(text)
        return frozenset().union(*(match.titles for match in _apart(self._exact(text, tokens_of(text)))))

    def references(self, text: str) -> tuple[DocId, ...]:
        """The titles that a shopper wants more of, or asks about; see `resolved`."""
        return self.resolved(text).references

    def resolved(self, text: str) -> Resolved:
        """The titles that a shopper wants more of, or asks about, and what else the text says.

        Where the text compares ("like Berserk, which beats Naruto") only what it compares with counts, and of that no
        ordinary words if there are others. A name that titles share stands for the most popular of them.
        """
        text = folded(text)
        tokens = tokens_of(text)
        exact = list(self._exact(text, tokens))
        is_clear = any(match.is_led and not match.is_ordinary for match in exact)
        found = _apart(exact if is_clear else [*exact, *self._inexact(text, tokens[:MOST_WORDS])])
        led = [match for match in found if match.is_led]
        chosen = [match for match in led if not match.is_ordinary] or led or found
        ordered = sorted(chosen, key=lambda match: match.start)
        references = tuple(dict.fromkeys(self._best_known(match.titles) for match in ordered))
        rest = replaced(text, [(match.start, match.end) for match in ordered], PRONOUN)
        return Resolved(references, rest)

    def _best_known(self, titles: frozenset[DocId]) -> DocId:
        return min(titles, key=lambda doc_id: (-self._popularity[doc_id], doc_id))

    def _exact(self, text: str, tokens: Sequence[Token]) -> Iterator[_Match]:
        """Names as they are written; ordinary words only where they are meant."""
        words = [token.word for token in tokens]
        for place in range(len(tokens)):
            for length in self._possible_lengths(tokens[place : place + 2]):
                span = tokens[place : place + length]
                for name in _possible(words[place : place + length], span):
                    if name in self._titles and stands_alone(text, span):
                        is_aside = not all(map(is_spaced, name)) and len(span) < MENTIONED * len(tokens)
                        yield from self._meant(text, span, name, is_aside=is_aside)

    def _possible_lengths(self, start: Sequence[Token]) -> list[int]:
        """In words, of the names that begin with these one or two words, the longest first."""
        starts: set[Name] = {(token.word,) for token in start[:1]} | {(token.bare,) for token in start[:1]}
        if len(start) == 2:
            starts |= {(start[0].word, start[1].word), (start[0].word, start[1].bare)}
        return sorted({length for each in starts for length in self._lengths.get(each, ())}, reverse=True)

    def _meant(self, text: str, span: Sequence[Token], name: Name, *, is_aside: bool) -> Iterator[_Match]:
        led, ordinary = is_led(text, span), is_aside or name in self._ordinary
        if led or not ordinary or is_quoted(text, span):
            yield _Match(span[0].start, span[-1].end, self._titles[name], led, ordinary)

    def _inexact(self, text: str, tokens: Sequence[Token]) -> Iterator[_Match]:
        """Names run together or parted otherwise, and misspelt ones where a word is known to nobody."""
        for place in range(len(tokens)):
            for length in range(1, LONGEST_WINDOW + 1):
                span = tokens[place : place + length]
                window = tuple(token.word for token in span)
                if len(span) < length or not is_spaced(window[-1]):
                    break
                name = self._misspelt.run_together(window)
                if name is None and not all(map(self._is_known, window)):
                    name = self._misspelt.closest(window)
                if name is not None and name != window and name not in self._ordinary:
                    yield _Match(span[0].start, span[-1].end, self._titles[name], is_led(text, span), is_ordinary=False)

    def _is_known(self, word: str) -> bool:
        return word in self._words or self._ordinary.knows(word)


def _possible(words: Sequence[str], span: Sequence[Token]) -> Iterable[Name]:
    """These words as a name, with and without the possessive 's of the last, as in "Berserk's world"."""
    if not span:
        return ()
    return dict.fromkeys(((*words[:-1], span[-1].word), (*words[:-1], span[-1].bare)))


def _apart(matches: Iterable[_Match]) -> list[_Match]:
    """Of matches that overlap the longest, of equally long ones the first found: so an exact one goes before others."""
    found: list[_Match] = []
    for match in sorted(matches, key=lambda match: (match.start - match.end, match.start)):
        if all(match.end <= other.start or other.end <= match.start for other in found):
            found.append(match)
    return found
