"""A workspace in, the messages that an intent classifier learns from or is tested on out, with what was left out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from mangaassist.core.types import INTENTS, DocumentKind, GroupId, Intent, Query, QueryId
from mangaassist.data import JudgedQuery, Workspace, articles, judged_queries, judgements, titles, ubi_queries
from mangaassist.intents import IntentExample, kinds_needed, other_messages
from mangaassist.intents.examples import ExampleSource
from mangaassist.pairs import NearDuplicateIndex, normalise, split_groups

LOGGED_CONFIDENCE: Final = 0.8
"""A logged intent teaches from this confidence on; where the log has none, nobody doubted it, as for pairs."""


@dataclass(frozen=True, slots=True)
class GatheredExamples:
    """What trains. left_out: reason → distinct messages that do not."""

    examples: Sequence[IntentExample]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Message:
    query: Query
    intent: Intent
    source: ExampleSource
    needed: frozenset[DocumentKind]


def intents_to_train(workspace: Workspace) -> GatheredExamples:
    """Every distinct message once: judged queries of train and dev, confident ones of the log, and small talk.

    None is a test query or near one. The log's intents are an older router's: where a person judged a near-duplicate
    to have another, the log's is left out.
    """
    judged, needed = judged_queries(workspace), _needed(workspace)
    near_test = NearDuplicateIndex([query.text for query in judged if query.split == "test"])
    by_person = [_judged(query, needed) for query in judged if query.split != "test" and query.intent is not None]
    taken = {normalise(message.query.text) for message in by_person}
    logged, uncertain = _logged(workspace, without=taken)
    small_talk = [_other(number, text) for number, text in enumerate(other_messages()) if normalise(text) not in taken]
    messages = [
        message for message in (*by_person, *logged, *small_talk) if not near_test.has_match(message.query.text)
    ]
    groups = split_groups(message.query for message in messages)
    agreeing = _without_contradictions(messages, groups)
    left_out = {
        "near_test_query": len(by_person) + len(logged) + len(small_talk) - len(messages),
        "contradicts_judged": len(messages) - len(agreeing),
        "uncertain_in_log": uncertain,
    }
    return GatheredExamples([_example(each, groups[each.query.query_id]) for each in agreeing], left_out)


def intents_to_test(workspace: Workspace) -> list[IntentExample]:
    """The judged test queries that have an intent."""
    needed = _needed(workspace)
    messages = [_judged(query, needed) for query in judged_queries(workspace) if query.split == "test" and query.intent]
    return [_example(message, GroupId(message.query.query_id)) for message in messages]


def _example(message: _Message, group: GroupId) -> IntentExample:
    return IntentExample(message.query.text, message.intent, message.source, group, message.needed)


def _judged(query: JudgedQuery, needed: Mapping[str, Sequence[DocumentKind]]) -> _Message:
    assert query.intent is not None
    group = GroupId(query.group) if query.group else None
    asked = Query(QueryId(f"judged {query.query_id}"), query.text, group=group)
    return _Message(asked, query.intent, "judged", kinds_needed(query.intent, needed.get(query.query_id, ())))


def _other(number: int, text: str) -> _Message:
    return _Message(Query(QueryId(f"other {number:03d}"), text), "other", "built_in", kinds_needed("other"))


def _needed(workspace: Workspace) -> dict[str, list[DocumentKind]]:
    """Judged query → the kinds of its relevant documents."""
    kinds: dict[str, DocumentKind] = {title.title_id: "title" for title in titles(workspace)}
    kinds |= {article.article_id: "article" for article in articles(workspace)}
    needed: dict[str, list[DocumentKind]] = {}
    for judgement in judgements(workspace):
        if judgement.grade >= 1 and judgement.doc_id in kinds:
            needed.setdefault(judgement.query_id, []).append(kinds[judgement.doc_id])
    return needed


def _logged(workspace: Workspace, *, without: Iterable[str]) -> tuple[list[_Message], int]:
    """(one message per distinct text of the log, with the intent most often logged for it; texts without one)."""
    rows = ubi_queries(workspace).filter(pl.col("user_query").str.strip_chars() != "", pl.col("intent").is_in(INTENTS))
    confident = pl.col("intent_confidence").cast(pl.Float64).fill_null(1.0) >= LOGGED_CONFIDENCE
    votes: dict[str, Counter[Intent]] = {}
    written: dict[str, str] = {}
    for text, intent in rows.filter(confident).select("user_query", "intent").sort(pl.all()).iter_rows():
        plain = normalise(text)
        votes.setdefault(plain, Counter())[intent] += 1
        written.setdefault(plain, text)
    known = set(without)
    uncertain = {normalise(text) for text in rows["user_query"].unique()} - votes.keys() - known
    messages = [
        _Message(Query(QueryId(f"log {plain}"), written[plain]), intent, "log", kinds_needed(intent))
        for plain, found in sorted(votes.items())
        if plain not in known
        for intent in [max(INTENTS, key=lambda each: found[each])]
    ]
    return messages, len(uncertain)


def _without_contradictions(messages: Sequence[_Message], groups: Mapping[QueryId, GroupId]) -> list[_Message]:
    """The messages without the logged ones whose group a person judged to have other intents only."""
    said: dict[GroupId, set[Intent]] = {}
    for message in messages:
        if message.source == "judged":
            said.setdefault(groups[message.query.query_id], set()).add(message.intent)
    return [
        message
        for message in messages
        if message.source != "log" or message.intent in said.get(groups[message.query.query_id], {message.intent})
    ]
