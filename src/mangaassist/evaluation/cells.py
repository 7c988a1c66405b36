"""Run and qrels in, the run and qrels of one cell out: seen or unseen queries, warm or cold documents.

A query is *seen* if a training query is a near-duplicate. A document is *warm* if it is a positive in training, else
*cold*. Cells are scored per (query, document): the cold cell keeps a query's cold relevant documents and takes its warm
relevant ones out of the run before the cut, so that they neither count nor crowd out; warm is the reverse.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mangaassist.core.types import DocId, Qrels, QueryId, Run
from mangaassist.evaluation.metrics import QueryScores, has_relevant, ranked, score_query

MIN_CELL_QUERIES = 50
"""A cell with fewer queries says "too small" and takes no part in choices."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What training has seen. `seen` None means nobody asked: no seen/unseen cells are made."""

    warm: frozenset[DocId]
    seen: frozenset[QueryId] | None = None


def cell_names(exposure: Exposure) -> tuple[str, ...]:
    """The names of the cells that can be made, coarse ones first."""
    coarse = ("warm", "cold")
    if exposure.seen is None:
        return coarse
    return ("seen", "unseen", *coarse, "seen_warm", "seen_cold", "unseen_warm", "unseen_cold")


def score_cell(run: Run, qrels: Qrels, exposure: Exposure, cell: str) -> dict[QueryId, QueryScores]:
    """Scores of the queries of one cell (`all` for every query); the run must be `run_depth(qrels)` deep."""
    keeps_seen, _ = _parse(cell)
    asked = {
        query_id: grades
        for query_id, grades in qrels.items()
        if keeps_seen is None or (query_id in (exposure.seen or ())) is keeps_seen
    }
    return score_documents(run, asked, document_filter(exposure, cell))


def document_filter(exposure: Exposure, cell: str) -> Callable[[DocId], bool]:
    """Which relevant documents count in a cell."""
    _, keeps_warm = _parse(cell)
    return lambda doc_id: keeps_warm is None or (doc_id in exposure.warm) is keeps_warm


def score_documents(run: Run, qrels: Qrels, keeps: Callable[[DocId], bool]) -> dict[QueryId, QueryScores]:
    """Scores by those relevant documents that `keeps` keeps; a query without one is left out.

    The other relevant ones are out of the run before the cut, so the run must be `run_depth(qrels)` deep. Documents
    that are not relevant stay in, whatever `keeps` says of them.
    """
    scores = {}
    for query_id, grades in qrels.items():
        kept, removed = split_grades(grades, keeps)
        if has_relevant(kept):
            scores[query_id] = score_query(ranked(run.get(query_id, {}), without=removed), kept)
    return scores


def run_depth(qrels: Qrels, *, k: int = 10) -> dict[QueryId, int]:
    """How many results each query's run must hold for any cell to be exact: `k` plus its relevant documents."""
    return {query_id: k + sum(grade >= 1 for grade in grades.values()) for query_id, grades in qrels.items()}


def _parse(cell: str) -> tuple[bool | None, bool | None]:
    """(keeps seen queries, keeps warm documents); None where the cell does not ask."""
    words = set() if cell == "all" else set(cell.split("_"))
    unknown = words - {"seen", "unseen", "warm", "cold"}
    if unknown:
        raise ValueError(f"unknown cell {cell!r}; cells are all, seen, unseen, warm, cold and their combinations")
    seen = True if "seen" in words else False if "unseen" in words else None
    warm = True if "warm" in words else False if "cold" in words else None
    return seen, warm


def split_grades(grades: Mapping[DocId, int], keeps: Callable[[DocId], bool]) -> tuple[dict[DocId, int], set[DocId]]:
    """One query's judgements that count, and the relevant documents that do not, which leave the run."""
    removed = {doc_id for doc_id, grade in grades.items() if grade >= 1 and not keeps(doc_id)}
    return {doc_id: grade for doc_id, grade in grades.items() if doc_id not in removed}, removed
