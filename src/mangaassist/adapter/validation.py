"""Pairs in, what trains and what validates out: documents are held out as well as queries.

Validation on known documents alone says "better every round" while unknown ones get worse. So a share of the documents
loses all its pairs, whole relevant sets at a time (the answers to one FAQ go together), and a share of the query groups
is held out. The documents stay in the corpus: new titles are in the catalogue before anybody clicked them. What
is known is asked for again in other words: so of the groups that still train, a share of the texts is held out, too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mangaassist.core.types import DocId, GroupId, Pair, QueryId
from mangaassist.pairs import normalise

QUERY_SHARE = 0.2
ASKED_AGAIN_SHARE = 0.1
"""Of the queries whose group still trains: held out one by one, where another text speaks for the same."""

DOCUMENT_SHARE = 0.2
MAX_QUERIES = 1000

_MOST = 0.5
"""No single group or relevant set may take the held-out part past this share: something must be left to train on."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Pairs to train on, and the held-out queries with what answers them.

    qrels: query text (as id) → grades; warm documents are those that `training` still has as positives.
    groups: query text (as id) → group, for intervals and standard errors.  unknown: judged answers that nothing trains.
    """

    training: tuple[Pair, ...]
    qrels: Mapping[QueryId, Mapping[DocId, int]]
    groups: Mapping[QueryId, GroupId]
    unknown: frozenset[DocId]

    @property
    def warm(self) -> frozenset[DocId]:
        """Documents that are a positive in training."""
        return frozenset(pair.positive for pair in self.training)


def hold_out(
    pairs: Sequence[Pair],
    judged: Mapping[str, Mapping[DocId, int]],
    groups: Mapping[str, GroupId],
    *,
    seed: int,
) -> HeldOut:
    """Splits pairs for validation, the same way for the same seed.

    judged: query text → grades by document: what validation is scored on. Judgements beat clicks here: a log holds
    clicks only on what the old ranking showed, so clicks alone always prefer the old ranking.
    groups: text, of pairs and judged queries → its group (a reference title, an FAQ, near-duplicates); a text without
    one is its own. A share of the groups is held out whole, and of the others a share of the texts that other texts of
    their group still speak for; judged queries that no pair comes near validate every time.
    """
    rng = np.random.default_rng(seed)
    positives = {text: {doc_id for doc_id, grade in judged[text].items() if grade >= 1} for text in sorted(judged)}
    texts = [text for text, answers in positives.items() if answers]
    training_groups = {_group(pair.query_text, groups) for pair in pairs}
    held_documents = _hold_documents(texts, positives, rng)
    held_groups = _hold_groups([text for text in texts if _group(text, groups) in training_groups], groups, rng)
    # A query all of whose answers are held out has nothing left to train on: it validates.
    sizes = Counter(_group(text, groups) for text in texts)
    held_groups |= {
        group
        for text in texts
        if positives[text] <= held_documents and sizes[group := _group(text, groups)] <= _MOST * len(texts)
    }
    trains = [
        pair
        for pair in pairs
        if _group(pair.query_text, groups) not in held_groups and pair.positive not in held_documents
    ]
    asked_again = _hold_asked_again(texts, trains, groups, rng)
    words_asked_again = {normalise(text) for text in asked_again}
    trains = [pair for pair in trains if normalise(pair.query_text) not in words_asked_again]
    unknown = set().union(*positives.values()) - {pair.positive for pair in trains} if positives else set()
    # A document that nobody knows was not skipped either.
    training = tuple(
        replace(pair, negatives=tuple(doc_id for doc_id in pair.negatives if doc_id not in unknown)) for pair in trains
    )
    known_groups = {_group(pair.query_text, groups) for pair in trains}
    validating = _cap([text for text in texts if text in asked_again or _group(text, groups) not in known_groups], rng)
    return HeldOut(
        training=training,
        qrels={QueryId(text): judged[text] for text in validating},
        groups={QueryId(text): _group(text, groups) for text in validating},
        unknown=frozenset(unknown),
    )


def _hold_documents(texts: Sequence[str], positives: Mapping[str, set[DocId]], rng: np.random.Generator) -> set[DocId]:
    """Whole relevant sets of random queries, until `DOCUMENT_SHARE` of the answering documents is held out."""
    wanted = DOCUMENT_SHARE * len(set().union(*positives.values())) if positives else 0
    held: set[DocId] = set()
    for index in rng.permutation(len(texts)):
        if len(held) >= wanted:
            break
        if len(held | positives[texts[index]]) <= _MOST / DOCUMENT_SHARE * wanted:
            held |= positives[texts[index]]
    return held


def _hold_groups(texts: Sequence[str], groups: Mapping[str, GroupId], rng: np.random.Generator) -> set[GroupId]:
    """Random groups, until `QUERY_SHARE` of the texts is held out."""
    sizes = Counter(_group(text, groups) for text in texts)
    names = sorted(sizes)
    held: set[GroupId] = set()
    count = 0
    for index in rng.permutation(len(names)):
        if count >= QUERY_SHARE * len(texts):
            break
        if count + sizes[names[index]] <= _MOST * len(texts):
            held.add(names[index])
            count += sizes[names[index]]
    return held


def _hold_asked_again(
    texts: Sequence[str], trains: Sequence[Pair], groups: Mapping[str, GroupId], rng: np.random.Generator
) -> set[str]:
    """Random texts of groups that train, until `ASKED_AGAIN_SHARE` of these is held out.

    Others of its group and of each of its documents stay: no group, and no document, becomes unknown by this. Texts
    that are equal after NFKC and casefold are the same words.
    """
    speaks_for: dict[str, set[tuple[str, str]]] = {}
    for pair in trains:
        names = {("group", _group(pair.query_text, groups)), ("document", pair.positive)}
        speaks_for.setdefault(normalise(pair.query_text), set()).update(names)
    left = Counter(name for names in speaks_for.values() for name in names)
    known = [text for text in texts if left["group", _group(text, groups)]]
    held: set[str] = set()
    for index in rng.permutation(len(known)):
        if len(held) >= ASKED_AGAIN_SHARE * len(known):
            break
        # Once its words are held out, another spelling of them costs nothing more.
        names = speaks_for.get(normalise(known[index]), set())
        if all(left[name] > 1 for name in names):
            held.add(known[index])
            left.subtract(speaks_for.pop(normalise(known[index]), set()))
    return held


def _group(text: str, groups: Mapping[str, GroupId]) -> GroupId:
    return groups.get(text, GroupId(f"query:{text}"))


def _cap(texts: list[str], rng: np.random.Generator) -> list[str]:
    if len(texts) <= MAX_QUERIES:
        return texts
    return sorted(texts[index] for index in rng.choice(len(texts), size=MAX_QUERIES, replace=False))
