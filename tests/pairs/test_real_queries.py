import pytest

from mangaassist.core.errors import LeakageError
from mangaassist.core.types import DocId, Query, QueryId
from mangaassist.pairs import SyntheticPair, check_real_queries

MADE_UP = SyntheticPair("syn-1", "Seinen horror by Kentaro", DocId("berserk"), "facets")


def asked(text: str, query_id: str = "t1") -> list[Query]:
    return [Query(QueryId("t0"), "cozy found family"), Query(QueryId(query_id), text)]


def test_queries_that_people_wrote_pass() -> None:
    check_real_queries(asked("less brutal than Berserk"), [MADE_UP], [])


@pytest.mark.parametrize("text", ["Seinen horror by Kentaro", "SEINEN HORROR by Kentaro", "Ｓeinen horror by Kentaro"])
def test_a_synthetic_query_in_a_gate_metric_is_a_loud_error_that_names_it(text: str) -> None:
    with pytest.raises(
        LeakageError, match=r"1 of 2 judged queries are synthetic; the first: t1 .*take these queries out"
    ):
        check_real_queries(asked(text), [MADE_UP], [])


def test_a_query_with_the_id_of_a_proposal_is_synthetic_whatever_its_text() -> None:
    with pytest.raises(LeakageError, match="syn-1"):
        check_real_queries(asked("reworded since", "syn-1"), [MADE_UP], ["reworded since"])


def test_a_text_that_a_shopper_typed_is_real_though_it_was_proposed_too() -> None:
    check_real_queries(asked("seinen horror by kentaro"), [MADE_UP], ["Seinen Horror by Kentaro"])
