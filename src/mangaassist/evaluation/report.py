"""Scores in, one summary per cell out: the numbers that tables, gates and reports show."""

from collections.abc import Mapping
from dataclasses import dataclass

from mangaassist.core.types import Groups, Qrels, QueryId, Run
from mangaassist.evaluation.cells import MIN_CELL_QUERIES, Exposure, cell_names, score_cell
from mangaassist.evaluation.intervals import Interval, Resampler, paired_differences
from mangaassist.evaluation.metrics import METRICS, QueryScores


@dataclass(frozen=True, slots=True)
class Summary:
    """The means of one cell with two-sided 95 % intervals."""

    metrics: Mapping[str, Interval]
    queries: int
    groups: int

    def as_json(self) -> dict[str, float | int | list[float]]:
        """Means under the metrics' names, their intervals under `<name>_interval`, and the counts."""
        means: dict[str, float | int | list[float]] = {name: cell.mean for name, cell in self.metrics.items()}
        ends = {f"{name}_interval": [cell.low, cell.high] for name, cell in self.metrics.items()}
        return {**means, **ends, "queries": self.queries, "groups": self.groups}


Scores = Mapping[QueryId, QueryScores]


def summarise(scores: Scores, groups: Groups, *, seed: int) -> Summary:
    """Means and intervals of every metric over the queries of one cell."""
    return summarise_over(Resampler(sorted(scores), groups, seed=seed), scores)


def summarise_over(resampler: Resampler, scores: Scores) -> Summary:
    """The same over the resamples of exactly these queries: several systems on one set of queries share them."""
    metrics = {name: resampler.interval(_column(scores, name)) for name in METRICS}
    return Summary(metrics, queries=len(scores), groups=resampler.groups)


def summarise_cells(
    run: Run, qrels: Qrels, exposure: Exposure, groups: Groups, *, seed: int
) -> dict[str, Summary | None]:
    """`all` and every cell of the exposure; None stands for a cell under `MIN_CELL_QUERIES` queries."""
    cells: dict[str, Summary | None] = {}
    for cell in ("all", *cell_names(exposure)):
        scores = score_cell(run, qrels, exposure, cell)
        too_small = cell != "all" and len(scores) < MIN_CELL_QUERIES
        cells[cell] = None if too_small else summarise(scores, groups, seed=seed)
    return cells


def metric_differences(candidate: Scores, baseline: Scores, metric: str) -> dict[QueryId, float]:
    """Candidate minus baseline in one metric, query by query, over the queries both scored."""
    return paired_differences(_column(candidate, metric), _column(baseline, metric))


def paired_gain(
    candidate: Scores, baseline: Scores, metric: str, groups: Groups, *, seed: int, tail: float = 0.025
) -> Interval:
    """The mean paired difference of one metric, candidate minus baseline, with its group interval."""
    differences = metric_differences(candidate, baseline, metric)
    return Resampler(sorted(differences), groups, seed=seed).interval(differences, tail=tail)


def _column(scores: Scores, metric: str) -> dict[QueryId, float]:
    return {query_id: score.value(metric) for query_id, score in scores.items()}
