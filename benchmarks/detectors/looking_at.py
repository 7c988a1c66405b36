"""A simulated shop's systems in, the material that diagnoses read out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.detectors.log import Log
from benchmarks.detectors.shop import LANGUAGES, Shop, Texts
from benchmarks.detectors.training import System
from mangaassist.core.types import DocId, GroupId, QueryId, Run
from mangaassist.evaluation import DIAGNOSES, DiagnosisName, DocumentFacts, Material, Probes

DEPTH = 16
TEST_NEEDS, VERSION_NEEDS, PRACTISED, WRITTEN = 700, 300, 600, 600
"""Test queries word every need twice; `PRACTISED` and `WRITTEN` training texts are ranked at most."""


@dataclass(frozen=True, slots=True)
class Exam:
    """What a candidate is looked at with: test queries, and needs in every language."""

    test: Texts
    versions: Texts


def make_exam(shop: Shop, *, tagged: float = 0.2) -> Exam:
    """Held-out real queries, of which a share says an answer's tags by itself; every language alike."""
    needs = np.repeat(shop.needs(TEST_NEEDS), 2, axis=0)
    language = shop.rng.integers(len(LANGUAGES), size=len(needs))
    test = shop.worded(needs, language, np.repeat(np.arange(TEST_NEEDS), 2), tagged=tagged)
    needs = np.repeat(shop.needs(VERSION_NEEDS), len(LANGUAGES), axis=0)
    language = np.tile(np.arange(len(LANGUAGES)), VERSION_NEEDS)
    return Exam(test, shop.worded(needs, language, np.repeat(np.arange(VERSION_NEEDS), len(LANGUAGES))))


def material_of(
    shop: Shop,
    exam: Exam,
    log: Log,
    live: System,
    candidate: System,
    *,
    names: Sequence[DiagnosisName] = DIAGNOSES,
) -> Material:
    """What the diagnoses of these names read, of these two systems."""
    systems = {"baseline": live, "candidate": candidate}
    drift = "synthetic_drift" in names
    warm = frozenset(pair.positive for pair in candidate.trained_on)
    return Material(
        test=_probes(shop, exam.test, "test", systems),
        documents=facts_of(shop),
        warm=warm,
        pairs=candidate.trained_on,
        synthetic=_written(shop, log, candidate, systems) if drift else None,
        practised=_probes(shop, _some(log.texts, PRACTISED), "practised", systems) if drift else None,
        logged=_probes(shop, log.texts, "logged", {}) if "metadata_leakage" in names else None,
        versions=_probes(shop, exam.versions, "version", systems) if "language_drift" in names else None,
    )


def facts_of(shop: Shop) -> DocumentFacts:
    """Headings, tags and popularity; every title has a genre, a tone and a theme."""
    rows = range(len(shop.doc_ids))
    subgenres = [frozenset({f"genre{shop.subgenre[row]}", f"theme{shop.theme[row]}"}) for row in rows]
    return DocumentFacts(
        headings={doc_id: f"Title {doc_id[1:]}" for doc_id in shop.doc_ids},
        tags={shop.doc_ids[row]: subgenres[row] | {f"tone{shop.tone[row]}"} for row in rows},
        subgenres={shop.doc_ids[row]: subgenres[row] for row in rows},
        popularity={shop.doc_ids[row]: float(shop.popularity[row]) for row in rows},
    )


def _probes(shop: Shop, texts: Texts, name: str, systems: Mapping[str, System]) -> Probes:
    ids = [QueryId(f"{name} {row}") for row in range(len(texts.vectors))]
    runs = {who: _run(shop, system, texts, ids) for who, system in systems.items()}
    nothing: Run = {}
    return Probes(
        texts={query_id: _text(shop, texts, row) for row, query_id in enumerate(ids)},
        qrels={query_id: {shop.doc_ids[each]: 1 for each in texts.relevant[row]} for row, query_id in enumerate(ids)},
        groups={query_id: GroupId(f"{name} {texts.need[row]}") for row, query_id in enumerate(ids)},
        languages={query_id: LANGUAGES[texts.language[row]] for row, query_id in enumerate(ids)},
        baseline=runs.get("baseline", nothing),
        candidate=runs.get("candidate", nothing),
    )


def _text(shop: Shop, texts: Texts, row: int) -> str:
    """Words, among them the tags of the first relevant document where the query has them."""
    first = texts.relevant[row, 0]
    said = f"genre{shop.subgenre[first]} tone{shop.tone[first]}" if texts.tagged[row] else "something"
    return f"{said} like number {row}"


def _run(shop: Shop, system: System, texts: Texts, ids: list[QueryId]) -> Run:
    best, scores = system.first(texts.vectors, DEPTH)
    return {
        query_id: {shop.doc_ids[each]: float(score) for each, score in zip(best[row], scores[row], strict=True)}
        for row, query_id in enumerate(ids)
    }


def _written(shop: Shop, log: Log, candidate: System, systems: Mapping[str, System]) -> Probes | None:
    """Synthetic texts that trained, each with the document it was written for."""
    wanted = {pair.query_text: pair.positive for pair in candidate.trained_on if pair.source == "synthetic"}
    texts = sorted(wanted)[:WRITTEN]
    if not texts:
        return None
    ids = [QueryId(text) for text in texts]
    vectors = np.stack([log.vectors[text] for text in texts])
    rows = np.array([[int(wanted[text][1:])] for text in texts])
    nothing = np.zeros(len(texts), dtype=np.int64)
    asked = Texts(np.empty((0, 0)), vectors, rows, nothing, np.arange(len(texts)), np.zeros(len(texts), dtype=np.bool_))
    qrels: dict[QueryId, dict[DocId, int]] = {query_id: {wanted[str(query_id)]: 1} for query_id in ids}
    return Probes(
        texts={query_id: str(query_id) for query_id in ids},
        qrels=qrels,
        groups={query_id: GroupId(query_id) for query_id in ids},
        baseline=_run(shop, systems["baseline"], asked, ids),
        candidate=_run(shop, systems["candidate"], asked, ids),
        makers={query_id: log.makers[str(query_id)] for query_id in ids},
    )


def _some(texts: Texts, count: int) -> Texts:
    part = slice(0, count)
    return Texts(
        texts.meaning[part],
        texts.vectors[part],
        texts.relevant[part],
        texts.language[part],
        texts.need[part],
        texts.tagged[part],
    )
