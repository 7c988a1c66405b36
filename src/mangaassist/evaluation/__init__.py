"""Run and qrels in, report out. Never sees a model: anything that ranks documents can be evaluated here."""

from mangaassist.evaluation.cells import MIN_CELL_QUERIES, Exposure, cell_names, run_depth, score_cell
from mangaassist.evaluation.intervals import Interval, Resampler, paired_differences
from mangaassist.evaluation.metrics import METRICS, QueryScores, ndcg, ranked, recall, score_query, score_run, success
from mangaassist.evaluation.report import Summary, paired_gain, summarise, summarise_cells

__all__ = [
    "METRICS",
    "MIN_CELL_QUERIES",
    "Exposure",
    "Interval",
    "QueryScores",
    "Resampler",
    "Summary",
    "cell_names",
    "ndcg",
    "paired_differences",
    "paired_gain",
    "ranked",
    "recall",
    "run_depth",
    "score_cell",
    "score_query",
    "score_run",
    "success",
    "summarise",
    "summarise_cells",
]
