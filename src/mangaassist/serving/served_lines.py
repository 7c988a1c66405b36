"""A served query in; its `retrieval_eval` line and its UBI query row out, without anything that names a person."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from mangaassist.data import PrivacyKey, scrub
from mangaassist.evaluation import RetrievalEval
from mangaassist.serving.answers import Answer, RetrieveRequest
from mangaassist.serving.follow_ups import FIRST, Pending

LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True)
class Served:
    """One answered request. locale: the first language that its sender accepts.  at: seconds since 1970."""

    request: RetrieveRequest
    answer: Answer
    locale: str | None
    at: float


@dataclass(frozen=True, slots=True)
class ServedLines:
    """What is written of one served query."""

    eval_line: str
    query_row: str
    pending: Pending


def locale_of(accept_language: str | None) -> str | None:
    """The first language of an Accept-Language header, if it is one."""
    match = LANGUAGE.match(accept_language or "")
    return match[0] if match else None


def served_lines(served: Served, key: PrivacyKey) -> ServedLines:
    """Every line about one served query, scrubbed and with pseudonyms."""
    query = scrub(served.request.query)
    line = _eval_line(served, query, key)
    hits = tuple(result.id for result in served.answer.results)
    row = json.dumps(_query_row(served, query, key), ensure_ascii=False)
    return ServedLines(line, row, Pending(served.answer.query_id, served.at, hits, line))


def _eval_line(served: Served, query: str, key: PrivacyKey) -> str:
    answer, request = served.answer, served.request
    about = RetrievalEval(
        query=query,
        intent=answer.intent,
        top3_titles=tuple(result.title for result in answer.results[:FIRST]),
        recall_at_3_hit=None,
        adapter_version=answer.release,
        latency_ms=round(answer.latency_ms, 3),
        query_id=answer.query_id,
    )
    return about.as_line(
        timestamp=_moment(served.at),
        session=request.session_id and key.pseudonym(request.session_id),
        client=request.client_id and key.pseudonym(request.client_id),
        results=[{"id": result.id, "position": place} for place, result in enumerate(answer.results, start=1)],
        degraded=answer.degraded,
        intent_confidence=answer.intent_confidence,
        top_score=_top_score(answer),
        **_experiment(answer),
    )


def _query_row(served: Served, query: str, key: PrivacyKey) -> dict[str, Any]:
    answer, client_id = served.answer, served.request.client_id
    attributes = {
        "intent": answer.intent,
        "intent_confidence": answer.intent_confidence,
        "top_score": _top_score(answer),
        "release": answer.release,
        "locale": served.locale,
        **_experiment(answer),
    }
    return {
        "query_id": answer.query_id,
        "user_query": query,
        "client_id": client_id and key.sealed(key.pseudonym(client_id)),
        "timestamp": _moment(served.at),
        "query_attributes": {name: value for name, value in attributes.items() if value is not None},
        "query_response_hit_ids": [result.id for result in answer.results],
    }


def _experiment(answer: Answer) -> dict[str, Any]:
    """What an experiment had to do with the answer, where one had."""
    return {} if answer.experiment is None else {"experiment": answer.experiment}


def _top_score(answer: Answer) -> float | None:
    return answer.results[0].score if answer.results else None


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
