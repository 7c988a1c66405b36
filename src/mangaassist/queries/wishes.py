"""Query text in, the facets it asks for and those it wants less of or none of out.

"less brutal", "without romance", "but not fantasy", "no gore", ギャグなし, "ecchi nashi": a cue (`cues.py`) turns down
the first facet that it reaches and those listed with it ("no zombies, gangs or gore").
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mangaassist.queries.cues import cues_reaching, is_too_much, is_turned_down_after
from mangaassist.queries.facets import Facet
from mangaassist.queries.lexicon import Meaning
from mangaassist.queries.name_words import is_spaced
from mangaassist.queries.words import UNSPACED, first_word, folded, words

_PIECE: Final = re.compile(f"[{UNSPACED}]+|[^\\W_{UNSPACED}]+(?:['’][^\\W_{UNSPACED}]+)*|[^\\w\\s\"'“”‘’-]")
_WITHOUT: Final = re.compile(r"\bw/(?:o\b|out\b)")
_LISTS: Final = frozenset({"or", "nor", "and", "any", "even", "/", "&", ","})
_ENDS_A_LIST: Final = frozenset({"or", "nor"})
_UNKNOWN_IN_A_LIST: Final = 2
"""Words that mean nothing to the catalogue and may stand in a list: "no zombies, clowns or gore"."""

Phrases = Mapping[tuple[str, ...], Meaning]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a text asks for, and what it wants less of or none of; a facet is never in both.

    asked: of each phrase that asks for something the facets it means, of which a document needs one.
    rest: the folded text without the phrases that say so.
    """

    asked: frozenset[frozenset[Facet]]
    rejected: frozenset[Facet]
    rest: str

    @property
    def wanted(self) -> frozenset[Facet]:
        """All facets that are asked for."""
        return frozenset[Facet]().union(*self.asked)


@dataclass(frozen=True, slots=True)
class _Mention:
    """A phrase found in a text, from its first piece to behind its last. is_rejected: None where neither is meant.

    span: where it stands, in letters.
    """

    meaning: Meaning
    start: int
    end: int
    span: tuple[int, int]
    is_rejected: bool | None
    can_pass_on: bool = True


def wishes_of(text: str, phrases: Phrases, *, longest: int) -> Wishes:
    """The wishes of a text. phrases: words → what they mean, see `phrases_of`; longest: words of the longest phrase.

    A facet that is both asked for and rejected ("dark but less dark than Berserk") is rejected; one that is asked for
    is not rejected along with a broader one ("isekai, but not too much fantasy").
    """
    plain = _WITHOUT.sub("without", folded(text))
    mentions = [*_spaced(plain, phrases, longest), *_unspaced(plain, phrases, longest)]
    turned_down = [mention.meaning for mention in mentions if mention.is_rejected]
    named = frozenset().union(*(meaning.turned_down for meaning in turned_down))
    along = frozenset().union(*(meaning.along for meaning in turned_down))
    asked = frozenset(mention.meaning.asked for mention in mentions if mention.is_rejected is False)
    wanted = frozenset[Facet]().union(*asked)
    rest = _without(plain, [mention.span for mention in mentions])
    return Wishes(frozenset(each - named for each in asked if each - named), named | (along - wanted), rest)


def _spaced(plain: str, phrases: Phrases, longest: int) -> list[_Mention]:
    """Phrases of scripts with spaces, the longest at each place."""
    found = list(_PIECE.finditer(plain))
    typed = [re.sub("['’]", "", piece[0]) or piece[0] for piece in found]
    compared = [first_word(piece) for piece in typed]
    cues = cues_reaching(typed)
    mentions: list[_Mention] = []
    spent: set[int | None] = set()
    place = 0
    while place < len(typed):
        length = _length_of_phrase(compared, place, phrases, longest)
        if length:
            meaning = phrases[tuple(compared[place : place + length])]
            end = place + length
            last = found[end - 1]
            after = is_turned_down_after(plain, last.end(), is_unspaced=False)
            is_reached = cues[place] is not None and cues[place] not in spent
            before = is_reached or is_too_much(typed[:place])
            spent.add(cues[place])
            # A run of kana and kanji is compared by its first two letters.
            span = (found[place].start(), last.end() if is_spaced(last[0]) else min(last.start() + 2, last.end()))
            mentions.append(_Mention(meaning, place, end, span, before or after, can_pass_on=before))
        place += max(1, length)
    return _listed(mentions, typed)


def _length_of_phrase(compared: Sequence[str], place: int, phrases: Phrases, longest: int) -> int:
    lengths = range(min(longest, len(compared) - place), 0, -1)
    return next((length for length in lengths if tuple(compared[place : place + length]) in phrases), 0)


def _listed(mentions: Sequence[_Mention], typed: Sequence[str]) -> list[_Mention]:
    """The mentions, where those in a list with one that is turned down are turned down too.

    Of "no sad romance" only what describes, sad, is turned down, and romance is not asked for either.
    """
    found: list[_Mention] = []
    for number, mention in enumerate(mentions):
        is_rejected = mention.is_rejected
        before = found[-1] if found else None
        if before is not None and before.is_rejected and before.can_pass_on and not is_rejected:
            if before.end == mention.start:
                is_rejected = None if before.meaning.describes and not mention.meaning.describes else True
            else:
                is_rejected = _is_in_list(typed, mentions, number)
        passes_on = mention.can_pass_on or (bool(is_rejected) and not mention.is_rejected)
        found.append(replace(mention, is_rejected=is_rejected, can_pass_on=passes_on))
    return found


def _is_in_list(typed: Sequence[str], mentions: Sequence[_Mention], number: int) -> bool:
    """Whether a mention is listed with the one before: joined by or, nor, and; by a comma where "or" ends the list."""
    for place in range(number, len(mentions)):
        between = typed[mentions[place - 1].end : mentions[place].start]
        unknown = [piece for piece in between if piece not in _LISTS]
        if _ENDS_A_LIST & set(between):
            return len(unknown) <= _UNKNOWN_IN_A_LIST and all(piece[0].isalnum() for piece in unknown)
        if unknown or not between:
            return False
        if place == number and "," not in between:
            return True
    return False


def _unspaced(plain: str, phrases: Phrases, longest: int) -> Iterator[_Mention]:
    """Phrases in kana and kanji, wherever they stand in a run of letters."""
    for run in re.finditer(f"[{UNSPACED}]{{2,}}", plain):
        pairs = words(run[0])
        for place in range(len(pairs)):
            length = _length_of_phrase(pairs, place, phrases, longest)
            if length:
                end = run.start() + place + length + 1
                meaning = phrases[tuple(pairs[place : place + length])]
                span = (run.start() + place, end)
                yield _Mention(meaning, 0, 0, span, is_turned_down_after(plain, end, is_unspaced=True))


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with a space in place of each span; they may overlap."""
    letters = list(text)
    for start, end in spans:
        letters[start:end] = " " * (end - start)
    return "".join(letters)
