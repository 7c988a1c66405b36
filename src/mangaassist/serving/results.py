"""A record of the catalogue in, what an answer shows of it out: a passage to ground on, and facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mangaassist.core.types import DocId, Document
from mangaassist.data import Title
from mangaassist.loop import Record
from mangaassist.serving.answers import TEXT_LIMIT, Result, ResultKind

TITLE_FACTS: Final = (
    *("title_romaji", "title_japanese", "authors", "demographic", "genres", "tones", "themes", "age_rating"),
    *("availability", "volumes", "status", "published", "language", "publisher", "series_id"),
)
ARTICLE_FACTS: Final = ("topic", "updated")


@dataclass(frozen=True, slots=True)
class Shown:
    """What answers show of one document, whatever they found it for; the fields are those of `Result`."""

    kind: ResultKind
    title: str
    text: str
    url: str | None
    facts: Mapping[str, Any]

    def found(self, doc_id: DocId, score: float, why: tuple[str, ...]) -> Result:
        """The document as one result."""
        return Result(doc_id, self.kind, self.title, self.text, self.url, self.facts, score, why)


def shown_of(document: Document, record: Record) -> Shown:
    """What is shown of a document, from its record."""
    is_title = isinstance(record, Title)
    return Shown(
        kind="title" if is_title else "article",
        title=document.heading,
        text=passage(document.text),
        url=record.url,
        facts=_facts(record, TITLE_FACTS if is_title else ARTICLE_FACTS),
    )


def passage(text: str) -> str:
    """The text, or its beginning up to the last whole word within the limit."""
    if len(text) <= TEXT_LIMIT:
        return text
    cut = text[: TEXT_LIMIT - 1]
    return (cut.rpartition(" ")[0] or cut) + "…"


def _facts(record: Record, names: tuple[str, ...]) -> dict[str, Any]:
    """What is known, nothing for what is not; several values as a list."""
    known = {name: getattr(record, name) for name in names}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in known.items() if value}
