"""A title's metadata and a random draw in, a text that a shopper could have typed for it out, or none.

Every function answers None where the metadata says too little. Names and facets are whatever a shop wrote, so no
template needs an article, a plural or a verb form that could turn out wrong.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from mangaassist.data import Title

Value = TypeVar("Value")

_FACETS = (
    "{tone} {genre} manga about {many}",
    "{tone} manga about {many}",
    "any good {genre} manga about {many}",
    "{tone} {genre} manga with {many} and {many2}",
    "{demographic} {genre} manga about {many}",
    "{tone} {theme} manga",
    "{theme} {genre} manga",
    "{tone} {theme} {genre} manga",
    "{tone} {demographic} {theme} manga",
    "{theme} and {theme2} manga",
    "any {tone} manga with {many}",
    "looking for {theme} {genre} manga",
    "recommend me some {tone} {theme} manga",
    "{theme} manga about {many}",
)
_FACETS_OF_NO_THEME = ("{tone} {genre} manga", "{tone} {demographic} {genre} manga", "{tone} and {tone2} {genre} manga")
_AUTHOR = (
    "{author} manga",
    "manga by {author}",
    "{tone} manga by {author}",
    "{genre} manga by {author}",
    "{tone} {genre} manga by {author}",
    "{theme} manga by {author}",
    "{author} manga about {many}",
    "what is {author}'s {theme} manga called",
    "that {genre} series by {author}",
)
_ALIAS = (
    "do you have {}",
    "what is {} about",
    "is {} any good",
    "looking for {}",
    "{} volume 1",
    "is {} in stock",
    "where do i start with {}",
    "{} manga",
)
_JAPANESE_ALIAS = (
    "{}はありますか",
    "{}の1巻",
    "{}を探しています",
    "{} 漫画",
    "{}ってどんな話ですか",
    "{}の在庫はありますか",
)
_CLAUSE = (
    "which manga is this: {}",
    "what's that manga called, {}",
    "forgot the title, {}",
    "{}, what manga is that",
)
_CLAUSE_ABOUT_SOMEBODY = ("the manga where {}", "what's the one where {}", "looking for the manga where {}")

_PRONOUNS = ("he", "she", "they", "it")
_LOOSE_STARTS = frozenset(
    ["and", "but", "or", "so", "then", "here", "there", "instead", "only", "still", "even", "now", "no", "what", "yes"]
)
_CLAUSE_WORDS = range(6, 21)

_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_PLURAL = re.compile(r"(?:.*\s)?[^\W\d_]{2,}[^\Wsui_]s")
SENTENCE_END = re.compile(r"(?<!\b[DM]r\.)(?<!\bMrs\.)(?<=[.!?])\s+")


def facets_text(title: Title, rng: np.random.Generator) -> str | None:
    """Tone, genre and theme: "bleak fantasy manga about demons"."""
    if not title.genres or not title.tones:
        return None
    return _filled(_FACETS if title.themes else _FACETS_OF_NO_THEME, _facets(title), rng)


def author_text(title: Title, rng: np.random.Generator) -> str | None:
    """An author, and mostly what the title is like: "bleak manga by kentaro miura"."""
    authors = [author.lower() for author in title.authors]
    return _filled(_AUTHOR, {**_facets(title), "author": authors}, rng) if authors else None


def alias_text(title: Title, rng: np.random.Generator) -> str | None:
    """Another name of the title, in a question of its own language: "do you have kenpuu denki berserk"."""
    names = [
        name.lower()
        for name in (*title.aliases, title.title_romaji, title.title_japanese)
        if name and name != title.title
    ]
    if not names:
        return None
    name = one_of(names, rng)
    templates = _JAPANESE_ALIAS if _JAPANESE.search(name) else _ALIAS
    return one_of([each for each in templates if not _repeats(each, [name])] or templates, rng).format(name)


def clause_text(clauses: Sequence[str], rng: np.random.Generator) -> str | None:
    """What a reader remembers of the story: "what's the one where she rides her scooter for coffee beans"."""
    if not clauses:
        return None
    clause = one_of(clauses, rng)
    starts_with_somebody = _first_word(clause) in _PRONOUNS
    return one_of(_CLAUSE_ABOUT_SOMEBODY if starts_with_somebody else _CLAUSE, rng).format(clause)


def clauses_of(description: str | None) -> list[str]:
    """The parts of a description that are short enough to be typed and say something without the rest."""
    sentences = [each for each in SENTENCE_END.split(description or "") if not each.endswith("?")]
    whole = [part.strip(" .!").lower() for sentence in sentences for part in re.split(r"[:;]", sentence)]
    parts = dict.fromkeys(part for each in whole for part in (each, each.partition(", ")[0].removesuffix(" and")))
    return [part for part in parts if len(part.split()) in _CLAUSE_WORDS and _first_word(part) not in _LOOSE_STARTS]


def one_of(choices: Sequence[Value], rng: np.random.Generator) -> Value:
    """One of the choices, all as likely."""
    return choices[int(rng.integers(len(choices)))]


def _first_word(text: str) -> str:
    return text.split(maxsplit=1)[0].strip(",")


def _facets(title: Title) -> dict[str, list[str]]:
    themes = _human(title.themes)
    many = [theme for theme in themes if _PLURAL.fullmatch(theme) and " of " not in theme]
    return {
        "tone": _human(title.tones),
        "genre": _human(title.genres),
        "theme": [theme for theme in themes if theme not in many],
        "many": many,
        "demographic": _human([title.demographic] if title.demographic else []),
    }


def _filled(templates: Sequence[str], values: Mapping[str, Sequence[str]], rng: np.random.Generator) -> str | None:
    """One of the templates with every slot filled, no word said twice; None if no template can be."""
    for place in rng.permutation(len(templates)):
        template = templates[place]
        fillings = _fillings(re.findall(r"{(\w+)}", template), values)
        kept = [filling for filling in fillings if not _repeats(template, list(filling.values()))]
        if kept:
            return str(template.format(**one_of(kept, rng)))
    return None


def _fillings(slots: Sequence[str], values: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Every way to fill the slots; `theme2` takes another theme than `theme`."""
    fillings: list[dict[str, str]] = [{}]
    for slot in slots:
        fillings = [{**each, slot: value} for each in fillings for value in values.get(slot.rstrip("2"), ())]
    return fillings


def _repeats(template: str, values: Sequence[str]) -> bool:
    """Whether two of the words begin alike, as in "romantic romance manga" or "school life slice of life manga"."""
    fixed = re.sub(r"{\w*}", " ", template)
    stems = [word[:5] for part in (fixed, *values) for word in set(re.findall(r"[^\W_]{3,}", part))]
    return len(set(stems)) < len(stems)


def _human(facets: Iterable[str]) -> list[str]:
    return [words for facet in facets if (words := re.sub(r"[_\s]+", " ", facet).strip().lower())]
