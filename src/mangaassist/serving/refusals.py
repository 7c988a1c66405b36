"""A reason in, one uniform error body out: `{"error": {"type", "message", "request_id", …}}`."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_json
from starlette.requests import Request
from starlette.responses import Response

from mangaassist.core.errors import ServiceError
from mangaassist.data.problems import Problem, as_problem


class Refused(ServiceError):
    """Why a request gets no answer. kind: the `type` that programs read; fields: which of them, and the remedy."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        fields: Sequence[Problem] = (),
        retry_after_s: float | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.fields = tuple(fields)
        self.retry_after_s = retry_after_s
        self.more = dict(more or {})


def invalid_fields(error: ValidationError) -> Refused:
    """A 422 that names every field that is wrong; never a value, which may be private."""
    problems = [as_problem(details) for details in error.errors(include_url=False, include_input=False)]
    return invalid_field(*problems)


def invalid_field(*problems: Problem) -> Refused:
    """A 422 about these fields."""
    return Refused(422, "invalid_field", "; ".join(map(str, problems)), fields=problems)


def refusal_response(refused: Refused, request_id: str) -> Response:
    """The refusal as it is sent."""
    error: dict[str, Any] = {"type": refused.kind, "message": str(refused), "request_id": request_id}
    if refused.fields:
        error["fields"] = [asdict(problem) for problem in refused.fields]
    headers = {"WWW-Authenticate": "Bearer"} if refused.status == 401 else {}
    if refused.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(refused.retry_after_s)))
    return json_response({"error": error, **refused.more}, status=refused.status, headers=headers)


def json_response(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON in UTF-8; a number that is none is null.

    A lone surrogate, which UTF-8 cannot hold, is written as the escape that JSON has for it.
    """
    try:
        body = to_json(content, inf_nan_mode="null")  # a third of the time that `json.dumps` takes
    except PydanticSerializationError:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        body = text.encode("utf-8", "backslashreplace")
    return Response(body, status, headers, media_type="application/json")


def request_id_of(request: Request) -> str:
    """The id that the edge gave this request."""
    return str(request.scope["state"]["request_id"])
