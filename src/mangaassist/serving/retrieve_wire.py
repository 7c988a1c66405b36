"""The JSON of `POST /v1/retrieve` in, a request for the engine out; an answer in, its JSON out."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from mangaassist.core.service_settings import ServiceSettings
from mangaassist.core.types import Intent
from mangaassist.data.contracts import ID_SHAPE, without_nul
from mangaassist.data.problems import Problem, refusal
from mangaassist.serving.answers import Answer, AnswerShelf, Filters, Result, ResultKind, RetrieveRequest, ShelfTitle
from mangaassist.serving.refusals import Refused, invalid_field, invalid_fields


def whole_text(value: str) -> str:
    """The text, if it holds no NUL and no half of a surrogate pair, which no encoder and no file can take."""
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise refusal("surrogate", "holds half a character (a lone surrogate)", "send the text as valid Unicode")
    return without_nul(value)


Value = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(whole_text)]
Values = Annotated[tuple[Value, ...], Field(max_length=50)]
RESULT_FIELDS, SHELF_FIELDS, TITLE_FIELDS = (
    tuple(field.name for field in fields(shown)) for shown in (Result, AnswerShelf, ShelfTitle)
)
PersonId = Annotated[str, ID_SHAPE, AfterValidator(whole_text)]


class Body(BaseModel):
    """A request's JSON: a key that is not named is an error, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FiltersBody(Body):
    """What may be returned; a list left out allows any value."""

    age_rating: Values = ()
    max_age_rating: Value | None = None
    availability: Values = ()
    demographic: Values = ()
    language: Values = ()
    kinds: Annotated[tuple[ResultKind, ...], Field(max_length=2)] = ()


class RetrieveBody(Body):
    """A message, what the intent router said of it, and who asks."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "query": "dark fantasy like Berserk but less brutal",
                    "intent": "recommendation",
                    "intent_confidence": 0.93,
                    "k": 5,
                    "filters": {"max_age_rating": "teen", "availability": ["in print"]},
                    "session_id": "s-71",
                    "client_id": "c-4411",
                }
            ]
        }
    )

    query: Annotated[str, AfterValidator(whole_text)]
    intent: Intent | None = None
    intent_confidence: Annotated[float | None, Field(ge=0, le=1, allow_inf_nan=False)] = None
    k: Annotated[int, Field(ge=1)] = 10
    filters: FiltersBody = FiltersBody()
    session_id: PersonId | None = None
    client_id: PersonId | None = None

    @classmethod
    def read(cls, values: dict[str, Any], settings: ServiceSettings) -> Self:
        """The checked body; Refused names each field that is wrong, or says that the query is empty."""
        try:
            body = cls.model_validate(values)
        except ValidationError as error:
            raise invalid_fields(error) from None
        if not body.query.strip():
            raise Refused(400, "empty_query", "query: is empty; send what the user wrote")
        if len(body.query) > settings.query_characters:
            reason = f"has {len(body.query):,} characters, the limit is {settings.query_characters:,}"
            raise invalid_field(Problem("query", reason, "send the part of the message that asks for something"))
        if body.k > settings.results:
            raise invalid_field(Problem("k", f"is {body.k}, the limit is {settings.results}", "ask for fewer results"))
        return body

    def as_request(self) -> RetrieveRequest:
        """The same for the engine."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "filters"}
        return RetrieveRequest(**values, filters=Filters(**self.filters.model_dump()))


class ResultBody(BaseModel):
    """One document found, as `answers.Result` says."""

    id: str
    kind: ResultKind
    title: str
    text: str
    url: str | None
    facts: dict[str, Any]
    score: float
    why: list[str]


class ShelfTitleBody(BaseModel):
    """A title on a shelf."""

    id: str
    title: str
    url: str | None


class ShelfBody(BaseModel):
    """Titles under a name of their own, as `answers.AnswerShelf` says."""

    id: str
    name: str
    facets: list[str]
    score: float
    titles: list[ShelfTitleBody]


class AnswerBody(BaseModel):
    """What was found; send `query_id` with every event about it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "query_id": "5f0c6e1f3a1b4d53a5d6f8b7c9e0a1b2",
                    "release": "embed-adapter-v03",
                    "intent": "recommendation",
                    "intent_confidence": 0.93,
                    "degraded": False,
                    "results": [
                        {
                            "id": "claymore",
                            "kind": "title",
                            "title": "Claymore",
                            "text": "Half-human women hunt the monsters whose blood they share.",
                            "url": None,
                            "facts": {"genres": ["fantasy"], "tones": ["dark"]},
                            "score": 0.81,
                            "why": ["like Berserk: dark, fantasy"],
                        }
                    ],
                    "shelves": [
                        {
                            "id": "shelf-6ecaa96b3b",
                            "name": "Dark fantasy: demons",
                            "facets": ["fantasy", "demons", "dark"],
                            "score": 0.74,
                            "titles": [
                                {"id": "claymore", "title": "Claymore", "url": None},
                                {"id": "dororo", "title": "Dororo", "url": None},
                            ],
                        }
                    ],
                    "latency_ms": 3.1,
                }
            ]
        }
    )

    query_id: str
    release: str
    intent: str | None
    intent_confidence: float | None
    degraded: bool
    results: list[ResultBody]
    shelves: list[ShelfBody]
    latency_ms: float


def answer_json(answer: Answer) -> dict[str, Any]:
    """The answer as it is sent: every field but `stages_ms` and `experiment`."""
    return {
        "query_id": answer.query_id,
        "release": answer.release,
        "intent": answer.intent,
        "intent_confidence": answer.intent_confidence,
        "degraded": answer.degraded,
        "results": [_fields(result, RESULT_FIELDS) for result in answer.results],
        "shelves": [
            {**_fields(shelf, SHELF_FIELDS), "titles": [_fields(title, TITLE_FIELDS) for title in shelf.titles]}
            for shelf in answer.shelves
        ],
        "latency_ms": round(answer.latency_ms, 3),
    }


def _fields(value: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}
