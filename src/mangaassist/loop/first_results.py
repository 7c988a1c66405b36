"""A workspace and its releases in, from which top score on each release's first result is likely good out."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict

import polars as pl

from mangaassist.core.errors import DataError, RetrievalError
from mangaassist.core.files import canonical_json, sha256_bytes, write_atomic
from mangaassist.core.types import Query
from mangaassist.data import Workspace
from mangaassist.feedback import ScoredFirst, Threshold, calibrate, feedback_folder
from mangaassist.loop.catalogue import data_fingerprint
from mangaassist.loop.contenders import Retriever, Shelves, adapter_of_release, composition_of_release
from mangaassist.loop.judged import JudgedSplit, judged_split
from mangaassist.loop.settings import Settings
from mangaassist.loop.texts import texts_of_release
from mangaassist.pairs import NearDuplicateIndex
from mangaassist.promotion import IDENTITY, PAIRS, releases

THRESHOLDS = "thresholds.json"


def release_thresholds(
    workspace: Workspace, settings: Settings, shelves: Shelves, names: Iterable[str]
) -> dict[str, dict[str, Threshold]]:
    """Release → intent → threshold, of those of these releases that are still there; computed once for the same data.

    A release that is gone, was changed, or has too few judged validation queries has none: its scores say nothing.
    """
    known = {IDENTITY, *releases(workspace.root)}
    made_from = sha256_bytes(f"{_judged_fingerprint(workspace)} {settings.feedback.good_chance}".encode())
    stored = _stored(workspace, made_from)
    found: dict[str, dict[str, Threshold]] = {}
    for name in sorted(set(names) & known):
        if name not in stored:
            stored[name] = _calibrated(workspace, settings, shelves, name)
        found[name] = stored[name]
    told = {name: {intent: asdict(each) for intent, each in of.items()} for name, of in stored.items()}
    write_atomic(feedback_folder(workspace) / THRESHOLDS, canonical_json({"made_from": made_from, "releases": told}))
    return found


def first_results(retriever: Retriever, split: JudgedSplit) -> list[ScoredFirst]:
    """What a retriever puts first for each judged query; a first result that nobody judged counts as bad."""
    base = retriever.encoder.encode([query.text for query in split.queries])
    run = retriever.search.run(split.queries, base, depth=1)
    found = []
    for query in split.queries:
        for doc_id, score in run[query.query_id].items():
            is_good = split.qrels[query.query_id].get(doc_id, 0) >= 1
            found.append(ScoredFirst(query.intent, score, is_good))
    return found


def retriever_of_release(workspace: Workspace, settings: Settings, shelves: Shelves, name: str) -> Retriever:
    """The complete retriever of a release, as it serves."""
    weights, lexicon = composition_of_release(workspace, name)
    shelf = shelves.of(texts_of_release(workspace, name, settings), lexicon)
    return shelf.retriever(adapter_of_release(workspace, name, shelf.encoder), weights)


def validation_of_release(workspace: Workspace, name: str) -> JudgedSplit | None:
    """The judged queries that the release has not learnt from: dev, and train queries near none of its pairs' texts."""
    splits = [split for name_of in ("dev", "train") if (split := _split(workspace, name_of)) is not None]
    if not splits:
        return None
    learnt = NearDuplicateIndex(_texts_learnt(workspace, name))
    dev = {query.query_id for query in splits[0].queries} if len(splits) == 2 else set()
    queries: list[Query] = [
        query
        for split in splits
        for query in split.queries
        if query.query_id in dev or not learnt.has_match(query.text)
    ]
    qrels = {query_id: grades for split in splits for query_id, grades in split.qrels.items()}
    groups = {query_id: group for split in splits for query_id, group in split.groups.items()}
    return JudgedSplit(queries, {query.query_id: qrels[query.query_id] for query in queries}, groups)


def judged_texts(workspace: Workspace) -> list[str]:
    """The judged validation and training queries that have an answer; none where nothing was judged."""
    splits = [split for name in ("train", "dev") if (split := _split(workspace, name)) is not None]
    return [query.text for split in splits for query in split.queries]


def _calibrated(workspace: Workspace, settings: Settings, shelves: Shelves, name: str) -> dict[str, Threshold]:
    split = validation_of_release(workspace, name)
    if split is None or not split.queries:
        return {}
    try:
        retriever = retriever_of_release(workspace, settings, shelves, name)
    except RetrievalError:
        return {}
    return calibrate(first_results(retriever, split), good_chance=settings.feedback.good_chance)


def _texts_learnt(workspace: Workspace, name: str) -> list[str]:
    path = workspace.releases / name / PAIRS
    return (
        sorted(set(pl.read_parquet(path, columns=["query_text"], glob=False)["query_text"])) if path.is_file() else []
    )


def _split(workspace: Workspace, name: str) -> JudgedSplit | None:
    try:
        return judged_split(workspace, name)  # type: ignore[arg-type]
    except DataError:
        return None


def _judged_fingerprint(workspace: Workspace) -> str:
    """Changes with the judged queries, and with the catalogue that they are asked of."""
    return data_fingerprint(workspace, kinds=("titles", "articles", "judged_queries", "judgements"))


def _stored(workspace: Workspace, made_from: str) -> dict[str, dict[str, Threshold]]:
    try:
        content: Mapping[str, object] = json.loads((feedback_folder(workspace) / THRESHOLDS).read_bytes())
        if content["made_from"] != made_from:
            return {}
        told: dict[str, dict[str, dict[str, object]]] = content["releases"]  # type: ignore[assignment]
        return {
            name: {intent: Threshold(**each) for intent, each in of.items()}  # type: ignore[arg-type]
            for name, of in told.items()
        }
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}
