"""`cold_harm`: documents that no training pair names sink, while validation on known ones rises."""

from mangaassist.core.types import DocId, QueryId
from mangaassist.evaluation.cells import Exposure, score_cell
from mangaassist.evaluation.diagnoses.diagnosis import SHOWN_EVIDENCE, Diagnosis, Evidence, Figure
from mangaassist.evaluation.diagnoses.harm import mean_harm
from mangaassist.evaluation.diagnoses.material import Material, System
from mangaassist.evaluation.diagnoses.showing import answer, seen_in, too_small, worst
from mangaassist.evaluation.diagnoses.thresholds import DiagnosisRules
from mangaassist.evaluation.metrics import QueryScores, ranked


def cold_harm(material: Material, rules: DiagnosisRules) -> Diagnosis:
    """Value: recall@3 that the cold cell loses, baseline − candidate; baseline: its recall@3 before."""
    before, after = (_cell(material, system, "cold") for system in ("baseline", "candidate"))
    if len(before) < rules.fewest_queries:
        because = f"{len(before)} queries want a document that training never saw; {rules.fewest_queries} are needed"
        return too_small("cold_harm", rules, because, queries=len(before))
    lost = {query_id: before[query_id].recall_at_3 - after[query_id].recall_at_3 for query_id in before}
    harm = mean_harm(lost, material.test.groups)
    figures = {
        f"{cell} {metric}": Figure(*(_mean(_cell(material, system, cell), metric) for system in _SYSTEMS))
        for cell in ("cold", "warm")
        for metric in ("recall@3", "ndcg@10")
    }
    figures["cold share of first 3"] = Figure(*(_cold_share(material, system) for system in _SYSTEMS))
    cold = figures["cold recall@3"]
    return answer(
        "cold_harm",
        rules,
        harm,
        baseline=cold.baseline or 0.0,
        said=f"documents that training never saw: recall@3 {cold.baseline:.3f} before, {cold.candidate:.3f} after",
        figures=figures,
        evidence=_evidence(material, lost),
    )


_SYSTEMS: tuple[System, System] = ("baseline", "candidate")


def _cell(material: Material, system: System, cell: str) -> dict[QueryId, QueryScores]:
    return score_cell(material.test.run(system), material.test.qrels, Exposure(material.warm), cell)


def _mean(scores: dict[QueryId, QueryScores], metric: str) -> float | None:
    return sum(each.value(metric) for each in scores.values()) / len(scores) if scores else None


def _cold_share(material: Material, system: System) -> float:
    """Of the first three results of every query, those that training never saw."""
    shown = [doc_id for query_id in material.test.qrels for doc_id in material.test.first(system, query_id, 3)]
    return sum(doc_id not in material.warm for doc_id in shown) / len(shown) if shown else 0.0


def _evidence(material: Material, lost: dict[QueryId, float]) -> tuple[Evidence, ...]:
    found = []
    for query_id in worst(lost, SHOWN_EVIDENCE):
        document, before, after = _deepest_fall(material, query_id)
        heading = material.documents.heading(document)
        said = f"no training pair names “{heading}”; it falls from place {before} to {after}"
        found.append(seen_in(material.test, material.documents, query_id, said, document=heading))
    return tuple(found)


def _deepest_fall(material: Material, query_id: QueryId) -> tuple[DocId, int, str]:
    """The cold relevant document that was among the first and fell furthest; its places, counted from 1."""
    before, after = (ranked(material.test.run(system).get(query_id, {})) for system in _SYSTEMS)
    cold = [doc_id for doc_id in material.test.relevant(query_id) if doc_id not in material.warm and doc_id in before]
    falls = {doc_id: _place(after, doc_id) - _place(before, doc_id) for doc_id in cold}
    document = max(cold, key=lambda doc_id: (falls[doc_id], doc_id))
    place = _place(after, document)
    return document, _place(before, document), str(place) if place <= len(after) else f"below {len(after)}"


def _place(order: list[DocId], doc_id: DocId) -> int:
    return order.index(doc_id) + 1 if doc_id in order else len(order) + 1
