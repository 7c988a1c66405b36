"""The name of a kind of file in; its contract, its table and what is private in it out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl

from mangaassist.data.contracts import Article, CuratedPair, JudgedQuery, Judgement, Record, Title
from mangaassist.data.privacy import PrivacyKey, protect_event, protect_judged_query, protect_query
from mangaassist.data.ubi import UbiEvent, UbiQuery, with_event_id, with_query_id

KindName = Literal["titles", "articles", "curated", "queries", "events", "judged_queries", "judgements"]
LARGEST: Final = 1e300
Columns = Mapping[str, pl.DataType]

_TEXT: Final = pl.String()
_TEXTS: Final = pl.List(pl.String)
_MOMENT: Final = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be ingested under one name.

    key: the columns that say which row is which.  keeps_first: whether the first row of a key counts, or the last.
    needs: a column that a row with a value in it is kept for, before one without.
    protect: how user records lose what is private; None for the shop's own records, which need no privacy key.
    """

    name: KindName
    model: type[Record]
    key: tuple[str, ...]
    columns: Columns
    flatten: Callable[[Any], dict[str, Any]]
    keeps_first: bool = False
    needs: str | None = None
    protect: Callable[[Any, PrivacyKey], Any] | None = None


def _as_it_is(record: Record) -> dict[str, Any]:
    return record.model_dump()


def _flat_query(query: UbiQuery) -> dict[str, Any]:
    query = with_query_id(query)
    attributes = query.query_attributes
    return {
        **query.model_dump(exclude={"query_attributes"}),
        **{name: _text_or_none(attributes.get(name)) for name in ("intent", "release", "locale")},
        **{name: _number_or_none(attributes.get(name)) for name in ("intent_confidence", "top_score")},
        "query_attributes": json.dumps(attributes, sort_keys=True, ensure_ascii=False, default=str),
    }


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number_or_none(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < LARGEST else None


def _flat_event(event: UbiEvent) -> dict[str, Any]:
    event = with_event_id(event)
    attributes = event.event_attributes
    return {
        **event.model_dump(exclude={"event_attributes"}),
        "object_id": attributes.object.object_id,
        "object_id_field": attributes.object.object_id_field,
        "ordinal": attributes.position.ordinal,
    }


def _columns(model: type[Record], **others: pl.DataType) -> dict[str, pl.DataType]:
    """A text column for every field of the contract that `others` does not name."""
    return {name: others.get(name, _TEXT) for name in model.model_fields}


_TITLE: Final = _columns(
    Title,
    popularity=pl.Float64(),
    volumes=pl.Int64(),
    **dict.fromkeys(("aliases", "authors", "genres", "tones", "themes", "isbn"), _TEXTS),
)
_QUERY: Final = {
    **dict.fromkeys(("query_id", "user_query", "client_id"), _TEXT),
    "timestamp": _MOMENT,
    "query_response_id": _TEXT,
    "query_response_hit_ids": _TEXTS,
    **dict.fromkeys(("application", "intent", "release", "locale"), _TEXT),
    **dict.fromkeys(("intent_confidence", "top_score"), pl.Float64()),
    "query_attributes": _TEXT,
}
_EVENT: Final = {
    **dict.fromkeys(("event_id", "query_id", "session_id", "client_id", "action_name"), _TEXT),
    "timestamp": _MOMENT,
    "object_id": _TEXT,
    "ordinal": pl.Int64(),
    **dict.fromkeys(("application", "user_id", "message", "object_id_field"), _TEXT),
}
_JUDGEMENT: Final = _columns(Judgement, grade=pl.Int64())

KINDS: Final[Mapping[KindName, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("titles", Title, ("title_id",), _TITLE, _as_it_is),
        Kind("articles", Article, ("article_id",), _columns(Article), _as_it_is),
        Kind("curated", CuratedPair, ("title_id", "similar_id"), _columns(CuratedPair), _as_it_is),
        Kind("queries", UbiQuery, ("query_id",), _QUERY, _flat_query, protect=protect_query),
        Kind(
            "events",
            UbiEvent,
            ("event_id",),
            _EVENT,
            _flat_event,
            keeps_first=True,
            needs="query_id",
            protect=protect_event,
        ),
        Kind(
            "judged_queries",
            JudgedQuery,
            ("query_id",),
            _columns(JudgedQuery),
            _as_it_is,
            protect=protect_judged_query,
        ),
        Kind("judgements", Judgement, ("query_id", "doc_id"), _JUDGEMENT, _as_it_is),
    )
}
