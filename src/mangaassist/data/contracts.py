"""Untrusted values in; titles, help articles, curated pairs, judged queries and judgements out."""

import math
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import from_json

from mangaassist.core.types import Intent
from mangaassist.data.problems import refusal

ID_LIMIT = 100
OBJECT_ID_LIMIT = 256
USER_TEXT_LIMIT = 10_000
TEXT_LIMIT = 100_000
LIST_LIMIT = 1_000
COUNT_LIMIT = 1_000_000
YEARS = range(1990, 2101)

Split = Literal["train", "dev", "test"]


def as_text(value: object) -> object:
    """Trimmed text; whole numbers, dates and UUIDs as their usual text; blank as None."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | UUID) and not isinstance(value, bool):
        return str(value)
    return value


def without_nul(value: str) -> str:
    """The text, if it holds no NUL character: encoders and C libraries stop or crash there."""
    if "\0" in value:
        raise refusal("nul", "holds a NUL character", "remove it from the text")
    return value


def as_entries(value: object) -> object:
    """A list without its blank entries; None as no entries; JSON text (a CSV cell) as the list it holds."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = json_cell(value, opening="[")
    if isinstance(value, list | tuple):
        return tuple(entry for entry in value if as_text(entry) is not None)
    return value


def json_cell(value: str, *, opening: str) -> object:
    """What a CSV cell holds, if it begins like the JSON expected; else the text as it stands."""
    if not value.lstrip().startswith(opening):
        return value
    try:
        return from_json(value, allow_inf_nan=False)
    except ValueError:
        raise refusal("json_cell", "begins like JSON but is not", "write the cell as valid JSON") from None


def without_repeats(values: tuple[str, ...]) -> tuple[str, ...]:
    """The entries in their order, each once."""
    return tuple(dict.fromkeys(values))


def as_number(value: object) -> object:
    """The number; blank and NaN, which tables write for 'unknown', as None."""
    if isinstance(value, str):
        return value.strip() or None
    return None if isinstance(value, float) and math.isnan(value) else value


def in_utc(value: datetime) -> datetime:
    """The moment in UTC; a time without a zone names no moment."""
    if value.tzinfo is None:
        raise refusal("naive_timestamp", "has no time zone", "add one, e.g. 2026-11-03T09:30:00Z or +09:00")
    if value.year not in YEARS:
        raise refusal("year", f"lies outside {YEARS[0]}-{YEARS[-1]}", "correct the time, or its unit")
    return value.astimezone(UTC)


ID_SHAPE = StringConstraints(min_length=1, max_length=ID_LIMIT)
OBJECT_ID_SHAPE = StringConstraints(min_length=1, max_length=OBJECT_ID_LIMIT)
TEXT_SHAPE = StringConstraints(min_length=1, max_length=TEXT_LIMIT)
USER_TEXT_SHAPE = StringConstraints(min_length=1, max_length=USER_TEXT_LIMIT)

Id = Annotated[str, ID_SHAPE, BeforeValidator(as_text), AfterValidator(without_nul)]
ObjectId = Annotated[str, OBJECT_ID_SHAPE, BeforeValidator(as_text), AfterValidator(without_nul)]
Text = Annotated[str, TEXT_SHAPE, BeforeValidator(as_text), AfterValidator(without_nul)]
UserText = Annotated[str, USER_TEXT_SHAPE, BeforeValidator(as_text), AfterValidator(without_nul)]
OptionalText = Annotated[Annotated[str, TEXT_SHAPE, AfterValidator(without_nul)] | None, BeforeValidator(as_text)]
OptionalId = Annotated[Annotated[str, ID_SHAPE, AfterValidator(without_nul)] | None, BeforeValidator(as_text)]
Texts = Annotated[
    tuple[Text, ...],
    Field(max_length=LIST_LIMIT),
    BeforeValidator(as_entries),
    AfterValidator(without_repeats),
]
OptionalNumber = Annotated[Annotated[float, Field(allow_inf_nan=False)] | None, BeforeValidator(as_number)]
OptionalCount = Annotated[Annotated[int, Field(ge=0, le=COUNT_LIMIT)] | None, BeforeValidator(as_number)]
Timestamp = Annotated[datetime, AfterValidator(in_utc)]


class Record(BaseModel):
    """A validated row: frozen, and blind to fields that the contract does not name."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Title(Record):
    """One manga title of the catalogue; only the id and the title are required."""

    title_id: ObjectId
    title: Text
    title_romaji: OptionalText = None
    title_japanese: OptionalText = None
    aliases: Texts = ()
    authors: Texts = ()
    demographic: OptionalText = None
    genres: Texts = ()
    tones: Texts = ()
    themes: Texts = ()
    age_rating: OptionalText = None
    availability: OptionalText = None
    description: OptionalText = None
    popularity: OptionalNumber = None
    language: OptionalText = None
    published: OptionalText = None
    series_id: OptionalText = None
    volumes: OptionalCount = None
    status: OptionalText = None
    isbn: Texts = ()
    publisher: OptionalText = None
    url: OptionalText = None


class Article(Record):
    """One help article."""

    article_id: ObjectId
    title: Text
    body: OptionalText = None
    topic: OptionalText = None
    url: OptionalText = None
    updated: OptionalText = None


class CuratedPair(Record):
    """Two titles that an editor calls similar: who likes the first is offered the second, for what they share."""

    title_id: ObjectId
    similar_id: ObjectId
    shared: OptionalText = None

    @field_validator("similar_id")
    @classmethod
    def _of_another_title(cls, similar_id: str, info: ValidationInfo) -> str:
        if similar_id == info.data.get("title_id"):
            raise refusal("same_title", "is the title itself", "name another title, or remove the row")
        return similar_id


class JudgedQuery(Record):
    """A query whose results a person judged, with the split it belongs to."""

    query_id: Id
    text: UserText
    split: Split
    intent: Annotated[Intent | None, BeforeValidator(as_text)] = None
    language: OptionalId = None
    symptom: OptionalId = None
    group: OptionalText = None
    reference: OptionalText = None


class Judgement(Record):
    """How well one document answers one judged query: 0 not at all, 3 perfectly."""

    query_id: Id
    doc_id: ObjectId
    grade: Annotated[int, Field(ge=0, le=3)]
