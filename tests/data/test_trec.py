from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId, QueryId
from mangaassist.data import read_qrels, read_run, write_qrels, write_run

Q1, Q2, A, B, C = QueryId("q1"), QueryId("q2"), DocId("a"), DocId("b"), DocId("c")


def test_a_run_is_written_best_first_with_equal_scores_by_document_id(tmp_path: Path) -> None:
    write_run({Q2: {A: 1.0}, Q1: {C: 0.5, B: 0.5, A: 0.1}}, tmp_path / "run", tag="base")

    assert (tmp_path / "run").read_text() == (
        "q1 Q0 b 1 0.5 base\nq1 Q0 c 2 0.5 base\nq1 Q0 a 3 0.1 base\nq2 Q0 a 1 1.0 base\n"
    )


def test_a_score_out_of_an_array_is_written_as_a_number(tmp_path: Path) -> None:
    write_run({Q1: {A: np.float32(0.5)}}, tmp_path / "run", tag="t")  # type: ignore[dict-item]

    assert read_run(tmp_path / "run") == {Q1: {A: 0.5}}


def test_qrels_are_read_with_any_blanks_and_grades_below_0_as_0(tmp_path: Path) -> None:
    (tmp_path / "qrels").write_text("q1 0 a 2\nq1\t0\tb\t-2\n\nq2  0  a  1\n")

    assert read_qrels(tmp_path / "qrels") == {Q1: {A: 2, B: 0}, Q2: {A: 1}}


IDS = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8)
RUNS = st.dictionaries(
    IDS.map(QueryId),
    st.dictionaries(IDS.map(DocId), st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4),
    max_size=3,
)
GRADES = st.dictionaries(
    IDS.map(QueryId), st.dictionaries(IDS.map(DocId), st.integers(0, 3), min_size=1, max_size=4), max_size=3
)


@pytest.mark.parametrize("name", ["any.run", "any.run.gz"])
@given(run=RUNS)
def test_a_run_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, name: str, run: dict[QueryId, dict[DocId, float]]
) -> None:
    path = tmp_path_factory.getbasetemp() / name

    write_run(run, path, tag="t")

    assert read_run(path) == run


@given(qrels=GRADES)
def test_qrels_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, qrels: dict[QueryId, dict[DocId, int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.qrels"

    write_qrels(qrels, path)

    assert read_qrels(path) == qrels


def test_another_reader_of_trec_files_sees_the_same(tmp_path: Path) -> None:
    write_run({Q1: {A: 0.25, B: 0.5}}, tmp_path / "run", tag="t")
    write_qrels({Q1: {A: 1, B: 0}}, tmp_path / "qrels")

    reader: Any = ir_measures
    run = {(row.query_id, row.doc_id): row.score for row in reader.read_trec_run(str(tmp_path / "run"))}
    qrels = {(row.query_id, row.doc_id): row.relevance for row in reader.read_trec_qrels(str(tmp_path / "qrels"))}

    assert run == {("q1", "a"): 0.25, ("q1", "b"): 0.5}
    assert qrels == {("q1", "a"): 1, ("q1", "b"): 0}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("q1 Q0 a 1 0.5", "line 2: has 5 cells where TREC has 6"),
        ("q1 Q0 a 1 high t", "line 2: the score 'high'"),
        ("q1 Q0 a 1 nan t", "line 2: the score 'nan'"),
        ("q0 Q0 a 9 0.1 t", "line 2: q0 lists a twice"),
    ],
)
def test_a_broken_line_of_a_run_is_an_error_with_its_number(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "run").write_text(f"q0 Q0 a 1 0.5 t\n{line}\n")

    with pytest.raises(DataError, match=said):
        read_run(tmp_path / "run")


@pytest.mark.parametrize("bad", ["", "two words", "tab\there"])
def test_an_id_that_trec_cannot_hold_is_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(DataError, match="rename it"):
        write_run({Q1: {DocId(bad): 1.0}}, tmp_path / "run", tag="t")
    assert not (tmp_path / "run").exists()
