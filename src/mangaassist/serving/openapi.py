"""The contracts of the routes in, the words and examples of the OpenAPI document out."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from mangaassist.data import UbiEvent
from mangaassist.serving.embeddings_wire import EmbeddingsBody
from mangaassist.serving.events_wire import JSONL_TYPES
from mangaassist.serving.retrieve_wire import AnswerBody, RetrieveBody

EVENT_EXAMPLE: Final = {
    "action_name": "click",
    "timestamp": "2026-11-03T12:00:05Z",
    "event_id": "e-1",
    "query_id": "5f0c6e1f3a1b4d53a5d6f8b7c9e0a1b2",
    "session_id": "s-71",
    "client_id": "c-4411",
    "event_attributes": {"object": {"object_id": "frieren"}, "position": {"ordinal": 1}},
}


class FieldProblem(BaseModel):
    """A field that is wrong, and what to do."""

    field: str
    reason: str
    remedy: str


class RejectedBody(FieldProblem):
    """An item that is no event; `index` counts from 0."""

    index: int


class ErrorDetail(BaseModel):
    """What is wrong. `type` is for programs, `message` for people."""

    type: str
    message: str
    request_id: str
    fields: list[FieldProblem] = Field(default_factory=list)


class ErrorBody(BaseModel):
    """Every refusal; `rejected` only where events were sent."""

    error: ErrorDetail
    rejected: list[RejectedBody] = Field(default_factory=list)


class EventsAnswer(BaseModel):
    """What became of the events; each that is accepted or repeated is on the disk."""

    accepted: int
    repeated: int
    rejected: list[RejectedBody]


class Embedding(BaseModel):
    """One vector: numbers, or base64 of little-endian float32."""

    object: str
    index: int
    embedding: list[float] | str


class Usage(BaseModel):
    """Tokens, estimated."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsAnswer(BaseModel):
    """The vectors, in the order of the texts; `model` is the release that made them."""

    object: str
    data: list[Embedding]
    model: str
    encoder_id: str
    usage: Usage


_MODELS: Final = (RetrieveBody, AnswerBody, EmbeddingsBody, EmbeddingsAnswer, EventsAnswer, ErrorBody, UbiEvent)
_SAID: Final = {
    400: "Empty or malformed.",
    401: "No API key, or an unknown one.",
    403: "The key lacks the scope.",
    404: "No such model.",
    408: "The body came too slowly.",
    413: "Too large.",
    422: "A field is wrong; `fields` names it and the remedy.",
    429: "Too many requests; see Retry-After.",
    503: "Not ready, stopping or overloaded; see Retry-After.",
    507: "The disk is full; nothing was stored, send it again later.",
}
_GUARDED: Final = (401, 403, 429, 503)
_POSTED: Final = (400, 408, 413, 422)


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"description": _SAID[status], **_json(_reference(ErrorBody))} for status in sorted(statuses)}


def _route(
    summary: str, ok: int, answer: dict[str, Any], statuses: tuple[int, ...], body: dict[str, Any] | None = None
) -> dict[str, Any]:
    extra: dict[str, Any] = {} if body is None else {"requestBody": {"required": True, **body}}
    responses = {ok: {"description": "Done.", **answer}, **_refusals(*statuses)}
    return {"summary": summary, "status_code": ok, "responses": responses, "openapi_extra": extra}


def _events_body() -> dict[str, Any]:
    one = _reference(UbiEvent)
    several = {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
    content = {"application/json": {"schema": several, "example": [EVENT_EXAMPLE]}}
    return {"content": content | {JSONL_TYPES[0]: {"schema": {"type": "string"}}}}


_OBJECT: Final = _json({"type": "object"})
RETRIEVE: Final = _route(
    "Find what answers a message",
    200,
    _json(_reference(AnswerBody)),
    _GUARDED + _POSTED,
    _json(_reference(RetrieveBody)),
)
EVENTS: Final = _route(
    "Say what users saw and did", 202, _json(_reference(EventsAnswer)), (*_GUARDED, *_POSTED, 507), _events_body()
)
EMBEDDINGS: Final = _route(
    "Adapted vectors of texts, as OpenAI's clients ask for them",
    200,
    _json(_reference(EmbeddingsAnswer)),
    (*_GUARDED, *_POSTED, 404),
    _json(_reference(EmbeddingsBody)),
)
HEALTH: Final = _route("Whether the process lives", 200, _OBJECT, ())
READY: Final = _route("Whether it answers now", 200, _OBJECT, (503,))
INFO: Final = _route("What is served", 200, _OBJECT, (401, 429, 503))
METRICS: Final = _route(
    "Prometheus metrics", 200, {"content": {"text/plain": {"schema": {"type": "string"}}}}, _GUARDED
)


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, schemas = models_json_schema(
            [(model, "validation") for model in _MODELS], ref_template="#/components/schemas/{model}"
        )
        components = document.setdefault("components", {})
        components["schemas"] = components.get("schemas", {}) | schemas["$defs"]
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"key": []}, {}]
        app.openapi_schema = document
    return app.openapi_schema
