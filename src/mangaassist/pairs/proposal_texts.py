"""A document's metadata and a random draw in, a text that a shopper could have typed for it out, or none.

Every function answers None where the metadata says too little. Names and facets are whatever a shop wrote, so no
template needs an article, a plural or a verb form that could turn out wrong.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from mangaassist.data import Article, Title

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
_ARTICLE = ("{}", "help: {}", "question about: {}", "i need info on this: {}")

_PRONOUNS = ("he", "she", "they", "it")
_LOOSE_STARTS = frozenset(
    ["and", "but", "or", "so", "then", "here", "there", "instead", "only", "still", "even", "now", "no", "what", "yes"]
)
_CLAUSE_WORDS = range(6, 21)

_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_PLURAL = re.compile(r"[^\W\d_]{2,}[^\Wsui_]s", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<!\b[DM]r)(?<!\bMrs)(?<=[.!?])\s+")
_TO_YOU = re.compile(r"\b(to|for|with|from|by|of|at) you\b")
_OTHER_PERSON = {
    "you": "i",
    "your": "my",
    "yours": "mine",
    "we": "you",
    "our": "your",
    "us": "you",
    "ours": "yours",
    "yourself": "myself",
    "ourselves": "yourselves",
}

_RULE = re.compile(
    r"(?P<subject>(?:[Yy]ou|[Ww]e)|[\w'% -]+?) (?P<verb>can|cannot|may|is|are)(?: not)?"
    r"(?P<rest> [^,;:(]+?)(?=[,;:(.]* *$|[,;:(]| and | but )"
)
_HABIT = re.compile(
    r"(?P<subject>[Yy]ou|[Ww]e)(?: do not)?(?P<rest> (?P<verb>[a-z-]+) [^,;:(]+?)(?=[,;:(.]* *$|[,;:(]| and | but )"
)
_RULE_SUBJECT_WORDS = range(1, 7)
_RULE_REST_WORDS = range(3, 15)
_AUXILIARIES = frozenset(["can", "cannot", "may", "must", "will", "would", "had"])
_NO_SUBJECT = frozenset(
    [
        *("it", "they", "this", "these", "those", "that", "one", "he", "she", "there", "here", "what", "who", "which"),
        *("if", "when", "once", "while", "unless", "until", "after", "before", "as", "because", "where", "so", "some"),
        *("for", "to", "in", "on", "at", "under", "from", "by", "with", "out", "within", "and", "but", "or", "all"),
        *("everything", "anything"),
    ]
)


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
    name = _one(names, rng)
    templates = _JAPANESE_ALIAS if _JAPANESE.search(name) else _ALIAS
    return _one([each for each in templates if not _repeats(each, [name])], rng).format(name)


def clause_text(clauses: Sequence[str], rng: np.random.Generator) -> str | None:
    """What a reader remembers of the story: "what's the one where she rides her scooter for coffee beans"."""
    if not clauses:
        return None
    clause = _one(clauses, rng)
    starts_with_somebody = _first_word(clause) in _PRONOUNS
    return _one(_CLAUSE_ABOUT_SOMEBODY if starts_with_somebody else _CLAUSE, rng).format(clause)


def article_text(article: Article, rng: np.random.Generator) -> str:
    """The article's heading from the shopper's side: "help: my card was declined"."""
    return _one(_ARTICLE, rng).format(_from_the_other_side(article.title))


def rule_text(rules: Sequence[str], rng: np.random.Generator) -> str | None:
    """One of the article's rules as a question: "can preorders be cancelled at any time"."""
    return _one(rules, rng) if rules else None


def clauses_of(description: str | None) -> list[str]:
    """The parts of a description that are short enough to be typed and say something without the rest."""
    sentences = [each for each in _SENTENCE_END.split(description or "") if not each.endswith("?")]
    whole = [part.strip(" .!").lower() for sentence in sentences for part in re.split(r"[:;]", sentence)]
    parts = dict.fromkeys(part for each in whole for part in (each, each.partition(", ")[0].removesuffix(" and")))
    return [part for part in parts if len(part.split()) in _CLAUSE_WORDS and _first_word(part) not in _LOOSE_STARTS]


def rules_of(body: str | None) -> list[str]:
    """The plain statements of a help text, each turned into the question that it answers."""
    statements = [part.strip() for each in _SENTENCE_END.split(body or "") for part in re.split(r"[;:]", each)]
    return [question for statement in statements if (question := _question(statement)) is not None]


def _question(statement: str) -> str | None:
    """What "Preorders can be cancelled" or "We post to 38 countries" answers: "can preorders be cancelled"."""
    found = _RULE.match(statement)
    if found is not None and _is_subject(found["subject"]):
        verb = {"cannot": "can", "may": "can"}.get(found["verb"], found["verb"])
    else:
        found = _HABIT.match(statement)
        if found is None or found["verb"] in _AUXILIARIES or re.search(r"[^e]ed$", found["verb"]):
            return None
        verb = "do"
    if len(found["rest"].split()) not in _RULE_REST_WORDS:
        return None
    subject = found["subject"][:1].lower() + found["subject"][1:]
    return _from_the_other_side(f"{verb} {subject}{found['rest']}".replace(" never ", " ever "))


def _is_subject(words: str) -> bool:
    """Whether the words before the verb are something that can be asked about without the sentences before."""
    parts = words.lower().split()
    is_person, is_clause = {"you", "we"} & set(parts), {"that", "which", "who", "this"} & set(parts)
    simple = not is_clause and (not is_person or len(parts) == 1)
    return simple and parts[0] not in _NO_SUBJECT and len(parts) in _RULE_SUBJECT_WORDS


def _from_the_other_side(text: str) -> str:
    """What a shop says to "you" as the shopper says it: "where is your order" → "where is my order"."""
    first, *others = _TO_YOU.sub(r"\1 me", text).split()
    return " ".join(_OTHER_PERSON.get(word, word) for word in (first.lower(), *others)).lower()


def _first_word(text: str) -> str:
    return text.split(maxsplit=1)[0].strip(",")


def _facets(title: Title) -> dict[str, list[str]]:
    themes = [_human(theme) for theme in title.themes]
    many = [theme for theme in themes if _PLURAL.fullmatch(theme.split()[-1]) and " of " not in theme]
    return {
        "tone": [_human(tone) for tone in title.tones],
        "genre": [_human(genre) for genre in title.genres],
        "theme": [theme for theme in themes if theme not in many],
        "many": many,
        "demographic": [_human(title.demographic)] if title.demographic else [],
    }


def _filled(templates: Sequence[str], values: Mapping[str, Sequence[str]], rng: np.random.Generator) -> str | None:
    """One of the templates with every slot filled, no word said twice; None if no template can be."""
    for place in rng.permutation(len(templates)):
        template = templates[place]
        fillings = _fillings(re.findall(r"{(\w+)}", template), values)
        kept = [filling for filling in fillings if not _repeats(template, list(filling.values()))]
        if kept:
            return template.format(**_one(kept, rng))
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


def _human(facet: str) -> str:
    return re.sub(r"[_\s]+", " ", facet).lower()


def _one(choices: Sequence[Value], rng: np.random.Generator) -> Value:
    return choices[int(rng.integers(len(choices)))]
