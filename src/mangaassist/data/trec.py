"""TREC qrels and run files in, judged relevance and runs out, and back: `.gz` by the file's name."""

import gzip
import math
from pathlib import Path
from typing import Final

from mangaassist.core.errors import DataError
from mangaassist.core.files import write_atomic
from mangaassist.core.types import DocId, Qrels, QueryId, Run
from mangaassist.data.rows import text_lines

RUN_CELLS: Final = 6
QRELS_CELLS: Final = 4


def read_qrels(path: Path) -> dict[QueryId, dict[DocId, int]]:
    """The grades of `query 0 document grade` lines; a grade below 0, which some tracks use for spam, is a 0."""
    qrels: dict[QueryId, dict[DocId, int]] = {}
    for line in text_lines(path):
        query_id, _, doc_id, grade = _cells(path, line.number, line.text, QRELS_CELLS)
        qrels.setdefault(QueryId(query_id), {})[DocId(doc_id)] = read_grade(path, line.number, grade)
    return qrels


def read_run(path: Path) -> dict[QueryId, dict[DocId, float]]:
    """The scores of `query Q0 document rank score tag` lines; the rank is not read: scores order a run."""
    run: dict[QueryId, dict[DocId, float]] = {}
    for line in text_lines(path):
        query_id, _, doc_id, _, score, _ = _cells(path, line.number, line.text, RUN_CELLS)
        ranked = run.setdefault(QueryId(query_id), {})
        if doc_id in ranked:
            raise DataError(f"{path}: line {line.number}: {query_id} lists {doc_id} twice; keep its best line")
        ranked[DocId(doc_id)] = _score(path, line.number, score)
    return run


def write_qrels(qrels: Qrels, path: Path) -> None:
    """Write the grades, ordered by query id and document id."""
    _write(
        path,
        [
            f"{_id(query_id)} 0 {_id(doc_id)} {grade}\n"
            for query_id, grades in sorted(qrels.items())
            for doc_id, grade in sorted(grades.items())
        ],
    )


def write_run(run: Run, path: Path, *, tag: str) -> None:
    """Write the ranking, best first; equal scores are ordered by document id. Scores are written in full."""
    _write(
        path,
        [
            f"{_id(query_id)} Q0 {_id(doc_id)} {rank} {float(score)!r} {_id(tag)}\n"
            for query_id, scores in sorted(run.items())
            for rank, (doc_id, score) in enumerate(sorted(scores.items(), key=lambda item: (-item[1], item[0])), 1)
        ],
    )


def read_grade(path: Path, line: int, text: str) -> int:
    """A grade, at least 0; DataError if the text is no whole number."""
    grade = grade_of(text)
    if grade is None:
        raise DataError(f"{path}: line {line}: the grade {text[:20]!r} is no whole number; write 0, 1, 2 or 3")
    return grade


def grade_of(text: str) -> int | None:
    """A grade, at least 0; None if the text is no whole number."""
    try:
        number = float(text)
        return max(0, int(number)) if number.is_integer() else None
    except (ValueError, OverflowError):
        return None


def _score(path: Path, line: int, text: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise DataError(f"{path}: line {line}: the score {text[:20]!r} is no finite number; write one")
    return score


def _cells(path: Path, line: int, text: str, count: int) -> list[str]:
    cells = text.split()
    if len(cells) != count:
        raise DataError(f"{path}: line {line}: has {len(cells)} cells where TREC has {count}; part them by blanks")
    return cells


def _id(value: str) -> str:
    if not value or any(letter.isspace() for letter in value):
        raise DataError(f"the id {value!r} is empty or holds a blank, which parts cells in TREC files; rename it")
    return value


def _write(path: Path, lines: list[str]) -> None:
    content = "".join(lines).encode()
    write_atomic(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
