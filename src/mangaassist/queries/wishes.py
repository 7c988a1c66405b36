"""Query text in, the facets it asks for and those it wants less of or none of out.

"less brutal", "without romance", "but not fantasy", "no gore", ギャグなし, "ecchi nashi": a cue turns the facets around
it into rejected ones. In English the nearest cue within a few words before a facet counts, unless "but", "more", "just"
or a punctuation mark stands between; in Japanese, romanised or not, the cue stands right after it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mangaassist.queries.facets import Facet
from mangaassist.queries.words import UNSPACED, folded, words

CUE_WITHIN: Final = 4
"""How many words before a facet a cue may stand."""

_NOT: Final = frozenset(
    re.findall(
        r"\w+",
        "no not less without never nothing nobody none minus isnt arent wasnt doesnt dont didnt wont cant aint avoid "
        "skip except tired sick hate free",
    )
)
_TURNS: Final = frozenset(re.findall(r"\w+", "but more just only with want need also plus then instead"))
_AFTER_UNSPACED: Final = re.compile(
    "(?:描写|要素|展開|成分|もの|系|すぎ|多め|方向)?(?:(?:とか|や|と)[^。、]{1,5}?)?(?:が|は|も|の|とか)?"
    "(?:なし|無し|ナシ|ない|無い|抜き|いらない|要らない|いりません|以外|苦手|控えめ|少なめ|じゃない|じゃなく|ではない|ではなく|嫌)"
)
_AFTER_SPACED: Final = re.compile(
    r"\s*(?:wa |ga |mo |no )?(?:nashi|nai|nuki|janai|ja nai|ja naku|ja nakute|igai|nigate|iranai|hikaeme|free)\b"
)
_PIECE: Final = re.compile(f"[{UNSPACED}]+|[^\\W_{UNSPACED}]+(?:['’][^\\W_{UNSPACED}]+)*|[^\\w\\s-]")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a text asks for, and what it wants less of or none of; a facet is never in both."""

    wanted: frozenset[Facet]
    rejected: frozenset[Facet]


@dataclass(frozen=True, slots=True)
class _Mention:
    facets: frozenset[Facet]
    is_rejected: bool


def wishes_of(text: str, phrases: Mapping[tuple[str, ...], frozenset[Facet]], *, longest: int) -> Wishes:
    """The wishes of a text. phrases: words → facets, see `phrases_of`; longest: words of the longest phrase.

    A facet that is both asked for and rejected ("dark but less dark than Berserk") is rejected.
    """
    plain = folded(text)
    mentions = [*_spaced(plain, phrases, longest), *_unspaced(plain, phrases)]
    rejected = frozenset().union(*(mention.facets for mention in mentions if mention.is_rejected))
    wanted = frozenset().union(*(mention.facets for mention in mentions if not mention.is_rejected))
    return Wishes(wanted - rejected, rejected)


def _spaced(plain: str, phrases: Mapping[tuple[str, ...], frozenset[Facet]], longest: int) -> Iterator[_Mention]:
    """Phrases of scripts with spaces, the longest at each place."""
    pieces = [(re.sub("['’]", "", found[0]) or found[0], found.end()) for found in _PIECE.finditer(plain)]
    folded_words = [(words(piece) or [piece])[0] for piece, _ in pieces]
    place = 0
    while place < len(pieces):
        for length in range(min(longest, len(pieces) - place), 0, -1):
            facets = phrases.get(tuple(folded_words[place : place + length]))
            if facets is not None:
                end = pieces[place + length - 1][1]
                is_rejected = _is_turned_down([piece for piece, _ in pieces[:place]])
                yield _Mention(facets, is_rejected or bool(_AFTER_SPACED.match(plain, end)))
                place += length - 1
                break
        place += 1


def _is_turned_down(before: Sequence[str]) -> bool:
    for word in reversed(before[-CUE_WITHIN:]):
        if word in _NOT:
            return True
        if word in _TURNS or not word[0].isalnum():
            return False
    return False


def _unspaced(plain: str, phrases: Mapping[tuple[str, ...], frozenset[Facet]]) -> Iterator[_Mention]:
    """Phrases in kana and kanji, wherever they stand in a run of letters."""
    for run in re.finditer(f"[{UNSPACED}]{{2,}}", plain):
        letters = run[0]
        pairs = words(letters)
        for place in range(len(pairs)):
            for length in range(len(pairs) - place, 0, -1):
                facets = phrases.get(tuple(pairs[place : place + length]))
                if facets is not None:
                    end = run.start() + place + length + 1
                    yield _Mention(facets, bool(_AFTER_UNSPACED.match(plain, end)))
                    break
