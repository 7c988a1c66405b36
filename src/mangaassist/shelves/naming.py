"""The titles of each shelf in, the facets that set it apart and a name of its own out.

A facet sets a shelf apart by share · log(share / share in the whole catalogue): what its titles have often, and others
seldom. That is its part in the Kullback-Leibler divergence of the shelf from the catalogue. Like c-TF-IDF (Grootendorst
2022) it weighs how often against how rare, but a facet that is everywhere ("drama") weighs nothing here.

A name is a tone, or the readership where that tells more, with a genre, and the theme that many of the titles share:
"Cozy slice of life", "Suspenseful mystery: detectives". Where no facet tells anything, it is "Like " and a title.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from mangaassist.data import Title
from mangaassist.queries import Facet, facet_of

Kind = Literal["genre", "tone", "theme", "demographic"]
Typed = tuple[Kind, Facet]

LEAST_SHARE: Final = 0.2
"""Of a shelf's titles that have a facet for it to be one of the shelf's."""

THEME_SHARE: Final = 1 / 3
"""Of a shelf's titles that have a theme for it to be in the name."""

MOST_FACETS: Final = 6
_TRIED: Final = 3


@dataclass(frozen=True, slots=True)
class Telling:
    """A facet that sets a shelf apart. share: of its titles that have it.  weight: how much it tells."""

    kind: Kind
    name: str
    share: float
    weight: float


def typed_facets(title: Title) -> dict[Typed, str]:
    """The facets of a title with their kinds, each with its name as people read it."""
    named: dict[Kind, Sequence[str]] = {
        "genre": title.genres,
        "tone": title.tones,
        "theme": title.themes,
        "demographic": [title.demographic] if title.demographic else [],
    }
    every = ((kind, name) for kind, names in named.items() for name in names)
    return {(kind, facet): name.replace("_", " ") for kind, name in every if (facet := facet_of(name))}


def telling_facets(shelves: Sequence[Sequence[Title]]) -> list[list[Telling]]:
    """For each shelf what sets it apart from all of them together, the most telling first."""
    counts = [Counter(facet for title in shelf for facet in typed_facets(title)) for shelf in shelves]
    names = {facet: name for shelf in shelves for title in shelf for facet, name in typed_facets(title).items()}
    everywhere = sum(counts, Counter[Typed]())
    size = sum(map(len, shelves))
    return [
        _telling(count, len(shelf), {facet: everywhere[facet] / size for facet in count}, names)
        for shelf, count in zip(shelves, counts, strict=True)
    ]


def _telling(
    count: Mapping[Typed, int], size: int, overall: Mapping[Typed, float], names: Mapping[Typed, str]
) -> list[Telling]:
    found = [
        Telling(facet[0], names[facet], held / size, held / size * math.log(held / size / overall[facet]))
        for facet, held in count.items()
        if held / size > max(overall[facet], LEAST_SHARE)
    ]
    return sorted(found, key=lambda each: (-each.weight, each.kind, each.name))


def names_of(shelves: Sequence[Sequence[Title]], telling: Sequence[Sequence[Telling]]) -> list[str]:
    """One name per shelf, no two alike. shelves: their titles, the most typical first; telling: of each shelf."""
    order = sorted(range(len(shelves)), key=lambda place: (-_clearness(telling[place]), place))
    taken: set[str] = set()
    names = [""] * len(shelves)
    for place in order:
        names[place] = next(each for each in _names(telling[place], shelves[place]) if each.casefold() not in taken)
        taken.add(names[place].casefold())
    return names


def _clearness(telling: Sequence[Telling]) -> float:
    """Who has the clearest facets chooses a name first."""
    return telling[0].weight if telling else 0.0


def _names(telling: Sequence[Telling], titles: Sequence[Title]) -> Iterator[str]:
    """Names for one shelf, the best first, without end."""
    genres = _of(telling, {"genre"})[:_TRIED]
    modifiers = _of(telling, {"tone", "demographic"})[:_TRIED]
    themes = _of(telling, {"theme"})
    shared = [each for each in themes if each.share >= THEME_SHARE][:1]
    parts: Iterator[tuple[Telling | None, Telling | None, Telling | None]] = product(
        dict.fromkeys([*shared, None, *themes[:_TRIED]]), [*genres, None], [*modifiers, None]
    )
    for theme, genre, modifier in parts:
        if name := _name(modifier, genre, theme):
            yield name
    for title in titles:
        yield f"Like {title.title}"
    number = 2
    while True:
        yield f"Like {titles[0].title} ({number})"
        number += 1


def _of(telling: Sequence[Telling], kinds: Collection[Kind]) -> list[Telling]:
    return [each for each in telling if each.kind in kinds]


def _name(modifier: Telling | None, genre: Telling | None, theme: Telling | None) -> str:
    """A name; an empty one where there is nothing to say, or two parts say the same ("romantic romance")."""
    if modifier and genre and modifier.name[:5].casefold() == genre.name[:5].casefold():
        return ""
    head = " ".join(each.name for each in (modifier, genre) if each)
    said = ": ".join(part for part in (head, theme.name if theme else "") if part)
    return said[:1].upper() + said[1:]
