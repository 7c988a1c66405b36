"""A query or a document that shows a failure in, a piece of evidence with headings out; and the shape of an answer."""

from collections.abc import Mapping

from mangaassist.core.types import QueryId
from mangaassist.evaluation.diagnoses.diagnosis import Diagnosis, DiagnosisName, Evidence, Figure
from mangaassist.evaluation.diagnoses.harm import Harm, status_of
from mangaassist.evaluation.diagnoses.material import DocumentFacts, Probes
from mangaassist.evaluation.diagnoses.thresholds import DiagnosisRules

SHOWN_RESULTS = 3


def seen_in(
    probes: Probes, facts: DocumentFacts, query_id: QueryId, said: str, *, document: str | None = None
) -> Evidence:
    """The query with the first results of both systems."""
    before, after = (
        tuple(facts.heading(doc_id) for doc_id in probes.first(system, query_id, SHOWN_RESULTS))
        for system in ("baseline", "candidate")
    )
    return Evidence(said, query_id, probes.texts.get(query_id), document, before, after)


def worst(values: Mapping[QueryId, float], count: int) -> list[QueryId]:
    """The queries that are harmed most, and only such as are harmed at all."""
    harmed = [query_id for query_id in values if values[query_id] > 0]
    return sorted(harmed, key=lambda query_id: (-values[query_id], query_id))[:count]


def too_small(name: DiagnosisName, rules: DiagnosisRules, because: str, *, queries: int = 0) -> Diagnosis:
    """The answer where the data cannot say anything: `ok`, without a value, and with what is missing."""
    tolerated, threshold = rules.tolerated(name), rules.threshold(name)
    return Diagnosis(name, "ok", None, None, threshold, tolerated, f"too small: {because}", queries=queries)


def answer(
    name: DiagnosisName,
    rules: DiagnosisRules,
    harm: Harm,
    *,
    baseline: float,
    said: str,
    figures: Mapping[str, Figure],
    evidence: tuple[Evidence, ...],
    low: float | None = None,
) -> Diagnosis:
    """The diagnosis that a mean harm gives; `evidence` and the fix are shown where it raises an alarm.

    low: the lower end that decides, where it is not that of `harm` itself (a harm against two yardsticks).
    """
    own_low, high = harm.interval(rules.tail)
    decides = own_low if low is None else min(low, own_low)
    status = status_of(harm.mean, decides, tolerated=rules.tolerated(name), threshold=rules.threshold(name))
    return Diagnosis(
        name=name,
        status=status,
        value=harm.mean,
        baseline=baseline,
        threshold=rules.threshold(name),
        tolerated=rules.tolerated(name),
        because=said,
        interval=(decides, high),
        queries=harm.queries,
        groups=harm.groups,
        figures=figures,
        evidence=evidence if status != "ok" else (),
        fix=name if status != "ok" and name != "saturated_base" else "",
    )
