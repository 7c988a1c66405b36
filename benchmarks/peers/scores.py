"""Runs in, scores per query out, and over all seeds their means with group intervals: the same for every method."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from benchmarks.peers.sets import ComparedSet
from mangaassist.core.types import Groups, QueryId, Run, Vectors
from mangaassist.evaluation import MIN_CELL_QUERIES, Resampler, paired_differences, run_depth, score_cell
from mangaassist.retrieval import search_run

CELLS = ("all", "warm", "cold")
METRICS = ("ndcg@10", "recall@3")

Scores: TypeAlias = Mapping[str, Mapping[str, Mapping[QueryId, float]]]
"""Cell → metric → query id → value."""


def run_of(compared: ComparedSet, documents: Vectors, test_queries: Vectors) -> Run:
    """What adapted vectors find, by inner product; rows as in the set's task."""
    ids = [query.query_id for query in compared.reported]
    return search_run(ids, test_queries, compared.doc_ids, documents, depth=run_depth(compared.qrels))


def score(compared: ComparedSet, run: Run) -> Scores:
    """Every cell of the reported split, eligible or not."""
    scored = {cell: score_cell(run, compared.qrels, compared.exposure, cell) for cell in CELLS}
    return {
        cell: {metric: {query_id: each.value(metric) for query_id, each in found.items()} for metric in METRICS}
        for cell, found in scored.items()
    }


def summarised(seeds: Sequence[Scores], groups: Groups) -> dict[str, dict[str, list[float]] | None]:
    """Cell → metric → [mean, low, high], 95 % over groups, each query averaged over the seeds; None is "too small"."""
    return {
        cell: {metric: _interval(_over_seeds(seeds, cell, metric), groups) for metric in METRICS}
        if is_eligible(seeds, cell)
        else None
        for cell in CELLS
    }


def differences(
    ours: Sequence[Scores], theirs: Sequence[Scores], groups: Groups
) -> dict[str, dict[str, list[float]] | None]:
    """The same of the paired differences, ours minus theirs."""
    found: dict[str, dict[str, list[float]] | None] = {}
    for cell in CELLS:
        found[cell] = None
        if is_eligible(ours, cell):
            found[cell] = {
                metric: _interval(
                    paired_differences(_over_seeds(ours, cell, metric), _over_seeds(theirs, cell, metric)), groups
                )
                for metric in METRICS
            }
    return found


def is_eligible(seeds: Sequence[Scores], cell: str) -> bool:
    """Whether a cell has the queries to say anything; `all` always counts."""
    return cell == "all" or len(seeds[0][cell][METRICS[0]]) >= MIN_CELL_QUERIES


def _over_seeds(seeds: Sequence[Scores], cell: str, metric: str) -> dict[QueryId, float]:
    return {
        query_id: sum(scores[cell][metric][query_id] for scores in seeds) / len(seeds)
        for query_id in seeds[0][cell][metric]
    }


def _interval(values: Mapping[QueryId, float], groups: Groups) -> list[float]:
    return Resampler(sorted(values), groups, seed=0).interval(values).as_list()
