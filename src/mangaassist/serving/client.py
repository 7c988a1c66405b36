"""A service's address in; answers, acknowledged events and vectors out: a thin client over httpx."""

import base64
import json
import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import httpx
import numpy as np

from mangaassist.core.errors import ServiceError
from mangaassist.core.types import Intent, Vectors
from mangaassist.serving.answers import Answer, AnswerShelf, Result, ShelfTitle, TextKind

PASSING: Final = frozenset({408, 429, 500, 502, 503, 504, 507})
"""Statuses after which the same events may be sent again."""

_LONGEST_WAIT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class EventsReceipt:
    """What became of the events sent. rejected: of each item that is none, index, field, reason and remedy."""

    accepted: int
    repeated: int
    rejected: tuple[Mapping[str, Any], ...]


class Client:
    """Talks to one service; keeps its connections, so close it or use it in a `with`."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout_s: float = 10.0,
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s)
        self._attempts, self._sleep = attempts, sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def retrieve(
        self,
        query: str,
        *,
        intent: Intent | None = None,
        intent_confidence: float | None = None,
        k: int = 10,
        filters: Mapping[str, Any] | None = None,
        session_id: str | None = None,
        client_id: str | None = None,
    ) -> Answer:
        """What answers a message. Not retried: the assistant that waits decides what a late answer is worth."""
        body = {
            "query": query,
            "intent": intent,
            "intent_confidence": intent_confidence,
            "k": k,
            "filters": dict(filters or {}),
            "session_id": session_id,
            "client_id": client_id,
        }
        return _answer(self._content(self._post("/v1/retrieve", body)))

    def send_events(self, events: Sequence[Mapping[str, Any]]) -> EventsReceipt:
        """Events acknowledged as stored. A lost call is repeated with the same event ids, so each counts once.

        Raises ServiceError if none is accepted, or if the service cannot be reached after several tries.
        """
        named = [{**event, "event_id": event.get("event_id") or uuid.uuid4().hex} for event in events]
        body = json.dumps(named)
        for attempt in range(1, self._attempts + 1):
            response, reason = None, ""
            try:
                response = self._http.post("/v1/events", content=body)
            except httpx.TransportError as error:
                reason = type(error).__name__
            if response is not None and response.status_code not in PASSING:
                content = self._content(response)
                return EventsReceipt(content["accepted"], content["repeated"], tuple(content["rejected"]))
            if attempt < self._attempts:
                self._sleep(_wait_s(response, attempt))
        if response is not None:
            self._content(response)
        raise ServiceError(f"{self._http.base_url}: cannot be reached ({reason}); check the address and the server")

    def embeddings(self, texts: Sequence[str], *, kind: TextKind = "document", model: str = "mangaassist") -> Vectors:
        """Adapted vectors of the texts, (n, d), unit length."""
        body = {"input": list(texts), "model": model, "kind": kind, "encoding_format": "base64"}
        data = self._content(self._post("/v1/embeddings", body))["data"]
        return np.stack([np.frombuffer(base64.b64decode(row["embedding"]), dtype="<f4") for row in data])

    def _post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        try:
            return self._http.post(path, content=json.dumps(body))
        except httpx.TransportError as error:
            reason = f"{self._http.base_url}: cannot be reached ({type(error).__name__})"
            raise ServiceError(f"{reason}; check the address and the server") from error

    def _content(self, response: httpx.Response) -> dict[str, Any]:
        """The JSON of a good answer; ServiceError with the service's own words for any other."""
        try:
            content = response.json()
        except ValueError:
            content = {}
        if response.is_success and isinstance(content, dict):
            return content
        error = content.get("error", {}) if isinstance(content, dict) else {}
        said = error.get("message") or "no reason given; is this address a MangaAssist service?"
        raise ServiceError(f"{response.request.url}: {response.status_code} {error.get('type', '')}: {said}")


def _wait_s(response: httpx.Response | None, attempt: int) -> float:
    """What the service asks for; else twice as long each time, with chance in it so that clients spread out."""
    asked = "" if response is None else response.headers.get("Retry-After", "")
    if asked.isdigit():
        return min(float(asked), _LONGEST_WAIT_S)
    return min(2.0**attempt, _LONGEST_WAIT_S) * random.uniform(0.05, 0.1)  # noqa: S311 (no secret)


def _answer(content: Mapping[str, Any]) -> Answer:
    shelves = tuple(_shelf(shelf) for shelf in content["shelves"])
    return Answer(**{**content, "results": _results(content["results"]), "shelves": shelves})


def _shelf(shelf: Mapping[str, Any]) -> AnswerShelf:
    titles = tuple(ShelfTitle(**title) for title in shelf["titles"])
    return AnswerShelf(**{**shelf, "facets": tuple(shelf["facets"]), "titles": titles})


def _results(rows: Sequence[Mapping[str, Any]]) -> tuple[Result, ...]:
    return tuple(Result(**{**row, "why": tuple(row["why"])}) for row in rows)
