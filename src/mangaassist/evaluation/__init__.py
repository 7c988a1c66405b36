"""Run and qrels in, report out. Never sees a model: anything that ranks documents can be evaluated here."""

from mangaassist.evaluation.agreement import Agreement, Verdicts, agreement
from mangaassist.evaluation.cells import (
    MIN_CELL_QUERIES,
    Exposure,
    cell_names,
    document_filter,
    run_depth,
    score_cell,
    split_grades,
)
from mangaassist.evaluation.changes import SHOWN_CHANGES, QueryChange, most_changed
from mangaassist.evaluation.choices import (
    CHOICE_METRICS,
    Choice,
    ChoiceScores,
    effective_choices,
    score_choices,
)
from mangaassist.evaluation.click_models import Impressions, PositionBias, fit_position_bias
from mangaassist.evaluation.coverage import shown_shares
from mangaassist.evaluation.eval_log import RetrievalEval
from mangaassist.evaluation.intervals import Interval, Resampler, paired_differences
from mangaassist.evaluation.latency import LatencyAddon, latency_addon
from mangaassist.evaluation.live_log_words import debiased_sentences
from mangaassist.evaluation.markdown import report_markdown
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
from mangaassist.evaluation.shelf_metrics import SHELF_METRICS, ShelfScores, score_shelf
from mangaassist.evaluation.slices import (
    CLAIM_METRIC,
    DELTA_METRICS,
    Slice,
    SliceComparison,
    compare_slices,
    document_slices,
    query_slices,
    score_slice,
)

__all__ = [
    "CHOICE_METRICS",
    "CLAIM_METRIC",
    "DELTA_METRICS",
    "METRICS",
    "MIN_CELL_QUERIES",
    "SHELF_METRICS",
    "SHOWN_CHANGES",
    "Agreement",
    "Choice",
    "ChoiceScores",
    "Exposure",
    "Impressions",
    "Interval",
    "LatencyAddon",
    "PositionBias",
    "QueryChange",
    "QueryScores",
    "Resampler",
    "RetrievalEval",
    "ShelfScores",
    "Slice",
    "SliceComparison",
    "Summary",
    "Verdicts",
    "agreement",
    "cell_names",
    "compare_slices",
    "debiased_sentences",
    "document_filter",
    "document_slices",
    "effective_choices",
    "fit_position_bias",
    "has_relevant",
    "latency_addon",
    "metric_differences",
    "most_changed",
    "ndcg",
    "optimistic_bad_top1",
    "paired_differences",
    "paired_gain",
    "query_slices",
    "ranked",
    "recall",
    "report_markdown",
    "run_depth",
    "score_cell",
    "score_choices",
    "score_query",
    "score_run",
    "score_shelf",
    "score_slice",
    "shown_shares",
    "split_grades",
    "success",
    "summarise",
    "summarise_cells",
]
