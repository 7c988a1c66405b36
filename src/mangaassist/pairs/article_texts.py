"""A help article and a random draw in, what a shopper could have typed to find it out, or none.

The shop speaks to "you" and calls itself "we"; a shopper says "i" and "you". A rule of the article, turned into the
question that it answers, is asked only where it can be understood without the sentences around it.
"""

import re
from collections.abc import Sequence

import numpy as np

from mangaassist.data import Article
from mangaassist.pairs.title_texts import SENTENCE_END, one_of

_ARTICLE = ("{}", "help: {}", "question about: {}", "i need info on this: {}")

_TO_YOU = re.compile(r"\b(to|for|with|from|by|of|at) you\b")
_YOU_AT_THE_END = re.compile(r"\byou$")
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


def heading_text(article: Article, rng: np.random.Generator) -> str:
    """The article's heading from the shopper's side: "help: my card was declined"."""
    return one_of(_ARTICLE, rng).format(_from_the_other_side(article.title))


def rule_text(rules: Sequence[str], rng: np.random.Generator) -> str | None:
    """One of the article's rules as a question: "can preorders be cancelled at any time"."""
    return one_of(rules, rng) if rules else None


def rules_of(body: str | None) -> list[str]:
    """The plain statements of a help text, each turned into the question that it answers."""
    statements = [part.strip() for each in SENTENCE_END.split(body or "") for part in re.split(r"[;:]", each)]
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
    first, *others = _YOU_AT_THE_END.sub("me", _TO_YOU.sub(r"\1 me", text)).split()
    return " ".join(_OTHER_PERSON.get(word, word) for word in (first.lower(), *others)).lower()
