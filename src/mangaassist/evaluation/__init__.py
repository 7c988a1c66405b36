"""Run and qrels in, report out. Never sees a model: anything that ranks documents can be evaluated here."""

from mangaassist.evaluation.cells import MIN_CELL_QUERIES, Exposure, cell_names, run_depth, score_cell, split_grades
from mangaassist.evaluation.eval_log import RetrievalEval
from mangaassist.evaluation.intervals import Interval, Resampler, paired_differences
from mangaassist.evaluation.latency import LatencyAddon, latency_addon
from mangaassist.evaluation.metrics import (
    METRICS,
    QueryScores,
    has_relevant,
    ndcg,
    optimistic_bad_top1,
    ranked,
    recall,
    score_query,
    score_run,
    success,
)
from mangaassist.evaluation.report import Summary, metric_differences, paired_gain, summarise, summarise_cells

__all__ = [
    "METRICS",
    "MIN_CELL_QUERIES",
    "Exposure",
    "Interval",
    "LatencyAddon",
    "QueryScores",
    "Resampler",
    "RetrievalEval",
    "Summary",
    "cell_names",
    "has_relevant",
    "latency_addon",
    "metric_differences",
    "ndcg",
    "optimistic_bad_top1",
    "paired_differences",
    "paired_gain",
    "ranked",
    "recall",
    "run_depth",
    "score_cell",
    "score_query",
    "score_run",
    "split_grades",
    "success",
    "summarise",
    "summarise_cells",
]
