"""The body of `POST /v1/events` in (one event, a list, or JSONL), protected events and rejected items out."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from pydantic import ValidationError

from mangaassist.core.service_settings import ServiceSettings
from mangaassist.data import PrivacyKey, UbiEvent, with_event_id
from mangaassist.data.privacy import protect_event
from mangaassist.data.problems import Problem, first_problem
from mangaassist.serving.bodies import parse_json
from mangaassist.serving.refusals import Refused

JSONL_TYPES: Final = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")


@dataclass(frozen=True, slots=True)
class Rejected:
    """One item that is no event: its place in the body from 0, and why."""

    index: int
    problem: Problem

    def as_json(self) -> dict[str, Any]:
        """As it stands in the answer."""
        return {"index": self.index, **asdict(self.problem)}


@dataclass(frozen=True, slots=True)
class ReadEvents:
    """The events of one body, without what is private, each with an id; and the items that are none."""

    events: tuple[UbiEvent, ...]
    rejected: tuple[Rejected, ...]


def read_events(body: bytes, content_type: str, key: PrivacyKey, settings: ServiceSettings) -> ReadEvents:
    """Every event of a body. Refused if the body itself is no JSON, is empty, or holds too many."""
    items = list(_lines(body)) if _is_jsonl(body, content_type) else _items(parse_json(body))
    if not items:
        raise Refused(400, "empty_body", "the body holds no event; send at least one")
    if len(items) > settings.events_per_call:
        message = f"the body holds {len(items):,} events, the limit is {settings.events_per_call:,}; send fewer"
        raise Refused(413, "too_many_events", message)
    events, rejected = [], []
    for index, item in enumerate(items):
        found = item if isinstance(item, Problem) else _event(item, key)
        if isinstance(found, Problem):
            rejected.append(Rejected(index, found))
        else:
            events.append(found)
    return ReadEvents(tuple(events), tuple(rejected))


def _is_jsonl(body: bytes, content_type: str) -> bool:
    """Told by the content type; else by a first line that is an object by itself, with more lines behind it."""
    if content_type.partition(";")[0].strip().casefold() in JSONL_TYPES:
        return True
    first, _, rest = body.strip().partition(b"\n")
    return first.startswith(b"{") and bool(rest.strip()) and not isinstance(_line(first), Problem)


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _lines(body: bytes) -> Iterator[Any]:
    for line in body.split(b"\n"):
        if line.strip():
            yield _line(line)


def _line(line: bytes) -> Any:
    try:
        return parse_json(line)
    except Refused as refused:
        return Problem("", str(refused).replace("the body", "the line"), "write one JSON object a line")


def _event(item: Any, key: PrivacyKey) -> UbiEvent | Problem:
    if not isinstance(item, dict):
        return Problem("", "is JSON but no object", "send every event as an object in braces")
    try:
        return with_event_id(protect_event(UbiEvent.model_validate(item), key))
    except ValidationError as error:
        return first_problem(error)


def event_line(event: UbiEvent, key: PrivacyKey) -> str:
    """The event as its log has it, with its pseudonyms sealed, so that ingest takes them as they are."""
    sealed = {
        name: key.sealed(pseudonym)
        for name in ("client_id", "user_id")
        if (pseudonym := getattr(event, name)) is not None
    }
    content = event.model_copy(update=sealed).model_dump(mode="json", exclude_none=True)
    return json.dumps(content, ensure_ascii=False)
