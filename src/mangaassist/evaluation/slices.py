"""Runs and qrels in, a comparison per slice out: some of the queries, or some of the relevant documents.

A slice of *queries* (a symptom, an intent, a language) scores these queries as they are. A slice of *documents*
(sparse titles, rich titles, articles) is scored per (query, document), exactly like the warm and the cold cell: a query
counts by its relevant documents in the slice, and its other relevant documents are out of the run before the cut.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mangaassist.core.types import DocId, Groups, Qrels, QueryId, Run
from mangaassist.evaluation.cells import MIN_CELL_QUERIES, score_documents
from mangaassist.evaluation.claims import Claim, claim_of, holm, sign_flip_p
from mangaassist.evaluation.intervals import Interval, Resampler, group_numbers
from mangaassist.evaluation.metrics import QueryScores
from mangaassist.evaluation.report import Summary, metric_differences, summarise_over

DELTA_METRICS = ("recall@3", "success@3", "ndcg@10", "bad_top1_rate")
CLAIM_METRIC = "recall@3"


@dataclass(frozen=True, slots=True)
class Slice:
    """What belongs to a slice; None keeps all. `documents` decides on relevant documents only."""

    queries: frozenset[QueryId] | None = None
    documents: Callable[[DocId], bool] | None = None


@dataclass(frozen=True, slots=True)
class SliceComparison:
    """Systems side by side on one slice; `summaries` and `delta` are empty where it is too small.

    delta: second system minus first, per metric, with two-sided 95 % intervals.
    p: of the difference in recall@3, corrected after Holm over the family; None where the slice is too small.
    """

    queries: int
    groups: int
    summaries: Mapping[str, Summary]
    delta: Mapping[str, Interval]
    p: float | None = None
    claim: Claim | None = None

    @property
    def is_too_small(self) -> bool:
        """Whether it has under `MIN_CELL_QUERIES` queries: these are counted, and nothing else is said."""
        return self.queries < MIN_CELL_QUERIES

    def system_as_json(self, name: str) -> dict[str, Any] | None:
        """The numbers of one system, or None for "too small", as in cells."""
        return None if self.is_too_small else self.summaries[name].as_json()

    def delta_as_json(self) -> dict[str, list[float]] | None:
        """Metric → [mean, low, high], or None for "too small"."""
        return None if self.is_too_small else {metric: found.as_list() for metric, found in self.delta.items()}


def query_slices(values: Mapping[QueryId, str | None]) -> dict[str, Slice]:
    """One slice per value, by name; a query without a value is in none."""
    members: dict[str, set[QueryId]] = {}
    for query_id, value in values.items():
        if value is not None:
            members.setdefault(value, set()).add(query_id)
    return {value: Slice(queries=frozenset(members[value])) for value in sorted(members)}


def document_slices(kinds: Mapping[DocId, str], names: tuple[str, ...]) -> dict[str, Slice]:
    """One slice per kind of document in `names`; a document of no known kind is in none."""

    def of_kind(name: str) -> Callable[[DocId], bool]:
        return lambda doc_id: kinds.get(doc_id) == name

    return {name: Slice(documents=of_kind(name)) for name in names}


def score_slice(run: Run, qrels: Qrels, part: Slice) -> dict[QueryId, QueryScores]:
    """Scores of the queries of one slice; the run must be `run_depth(qrels)` deep."""
    asked = {query_id: grades for query_id, grades in qrels.items() if part.queries is None or query_id in part.queries}
    return score_documents(run, asked, part.documents or (lambda _doc_id: True))


def compare_slices(
    runs: Mapping[str, Run],
    qrels: Qrels,
    family: Mapping[str, Slice],
    groups: Groups,
    *,
    pair: tuple[str, str],
    seed: int,
) -> dict[str, SliceComparison]:
    """Every system on every slice of a family, and what may be claimed of the second of `pair` against the first.

    A slice under `MIN_CELL_QUERIES` queries is not tested, and so does not count among those corrected for.
    """
    compared: dict[str, SliceComparison] = {}
    p_values: dict[str, float] = {}
    for name, part in family.items():
        scores = {who: score_slice(run, qrels, part) for who, run in runs.items()}
        compared[name] = _compare(scores, groups, pair, seed)
        if not compared[name].is_too_small:
            differences = metric_differences(scores[pair[1]], scores[pair[0]], CLAIM_METRIC)
            p_values[name] = sign_flip_p(differences, groups, seed=seed)
    corrected = holm(p_values)
    return {name: _claimed(each, corrected.get(name)) for name, each in compared.items()}


def _compare(
    scores: Mapping[str, Mapping[QueryId, QueryScores]], groups: Groups, pair: tuple[str, str], seed: int
) -> SliceComparison:
    """Every system has scored the same queries: those with a relevant document in the slice."""
    query_ids = sorted(scores[pair[0]])
    if len(query_ids) < MIN_CELL_QUERIES:
        return SliceComparison(len(query_ids), group_numbers(query_ids, groups)[0], {}, {})
    resampler = Resampler(query_ids, groups, seed=seed)
    before, after = (scores[who] for who in pair)
    return SliceComparison(
        queries=len(query_ids),
        groups=resampler.groups,
        summaries={who: summarise_over(resampler, each) for who, each in scores.items()},
        delta={metric: resampler.interval(metric_differences(after, before, metric)) for metric in DELTA_METRICS},
    )


def _claimed(compared: SliceComparison, corrected_p: float | None) -> SliceComparison:
    if corrected_p is None:
        return compared
    return replace(compared, p=corrected_p, claim=claim_of(compared.delta[CLAIM_METRIC].mean, corrected_p))
