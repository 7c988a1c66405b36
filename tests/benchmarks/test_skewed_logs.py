"""A log that knows the most asked-for documents alone, made of a set that knows more."""

from typing import Any

from benchmarks.skewed_logs import most_asked_for, table

from mangaassist.core.types import DocId, Document, Query, QueryId, RetrievalSet


def a_set() -> RetrievalSet:
    """Document d1 answers three queries, d2 two, d3 and d4 one each; a grade of 0 is no answer."""
    answers = {"q1": {"d1": 1, "d2": 2, "d4": 0}, "q2": {"d1": 1, "d2": 1}, "q3": {"d1": 1, "d4": 0}, "q4": {"d3": 1}}
    answers["q5"] = {"d4": 1}
    qrels = {QueryId(query): {DocId(doc): grade for doc, grade in grades.items()} for query, grades in answers.items()}
    return RetrievalSet(
        name="small",
        documents=[Document(DocId(f"d{number}"), f"text {number}") for number in range(1, 5)],
        queries={query_id: Query(query_id, query_id) for query_id in qrels},
        qrels={"train": qrels, "dev": {QueryId("q5"): {DocId("d4"): 1}}},
    )


def test_only_judgements_of_the_most_asked_for_documents_train() -> None:
    skewed = most_asked_for(a_set(), 2)

    assert skewed.qrels["train"] == {"q1": {"d1": 1, "d2": 2}, "q2": {"d1": 1, "d2": 1}, "q3": {"d1": 1}}
    assert skewed.qrels["dev"] == a_set().qrels["dev"], "what is to come asks for everything"
    assert skewed.documents == a_set().documents


def test_the_table_has_a_line_for_each_set_and_number_of_documents() -> None:
    cells: dict[str, Any] = {"all": 0.25, "warm": None, "cold": 0.125, "chosen": "linear"}
    here = {"cores": 2, "processor": "a processor", "date": "2026-11-28"}
    row = {"set": "small", "kept": 2, "frozen": cells, "chosen": cells, "without": {**cells, "chosen": "identity"}}

    shown = table({"machine": here, "seed": 0, "rows": [row]})

    assert "seed 0, 2 cores of a processor, 2026-11-28." in shown
    line = "| small, 2 | 0.250 / · / 0.125 | linear 0.250 / · / 0.125 | identity 0.250 / · / 0.125 |"
    assert shown.splitlines()[-1] == line
