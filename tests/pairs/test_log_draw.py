"""Where a log has more pairs than train, those of whole clients are drawn."""

import pytest
from search_log_builder import SearchLogBuilder

from mangaassist.core.types import Pair
from mangaassist.pairs import PairRules, draw_pairs, log_pair_rows, mark_newest, mine_log, pairs_of_rows, read_visits
from mangaassist.pairs.log_frames import log_of
from mangaassist.pairs.rules import LiveLogRules


def log_of_clients(**pairs: int) -> SearchLogBuilder:
    """A log in which each client has so many pairs."""
    log = SearchLogBuilder()
    for client, amount in pairs.items():
        for number in range(amount):
            query_id = f"{client}{number}"
            log.query(query_id, query_id, client=client, at=600 * number)
            log.event("click", query_id, "a", client=client, session=query_id, at=600 * number)
    return log


def drawn(log: SearchLogBuilder, *, most: int, seed: int = 0) -> list[Pair]:
    with log_of(*log.frames()) as db:
        read_visits(db)
        mark_newest(db, LiveLogRules(0))
        mine_log(db, PairRules(max_client_share=1.0))
        draw_pairs(db, most=most, seed=seed)
        return pairs_of_rows(log_pair_rows(db, "click_drawn", "cart_drawn"))


def clients(pairs: list[Pair]) -> set[str]:
    return {pair.client for pair in pairs}


@pytest.mark.parametrize(("most", "kept"), [(100, 6), (6, 6)])
def test_all_pairs_train_while_there_are_no_more_than_the_rules_allow(most: int, kept: int) -> None:
    assert len(drawn(log_of_clients(ann=1, ben=2, cyd=3), most=most)) == kept


def test_one_pair_more_and_whole_clients_are_left_out() -> None:
    pairs = drawn(log_of_clients(ann=2, ben=2, cyd=2), most=5)

    assert len(pairs) == 4
    assert len(clients(pairs)) == 2


def test_click_and_cart_pairs_of_a_client_count_together() -> None:
    log = SearchLogBuilder()
    for client in ("ann", "ben"):
        log.query(client, client, client=client).click(client, "a", client=client, session=client)
        log.event("purchase", client, "a", client=client, session=client)

    assert [pair.source for pair in drawn(log, most=3)] in (["cart", "click"], ["click", "cart"])


def test_a_client_with_more_pairs_than_may_train_is_left_out_and_the_others_are_not() -> None:
    assert clients(drawn(log_of_clients(ann=9, ben=2, cyd=2), most=5)) == {"ben", "cyd"}


def test_the_same_seed_draws_the_same_clients_and_other_seeds_others() -> None:
    log = log_of_clients(**{f"c{number}": 1 for number in range(12)})
    draws = [frozenset(clients(drawn(log, most=4, seed=seed))) for seed in (0, 0, 1, 2)]

    assert draws[0] == draws[1]
    assert len(set(draws)) == 3


def test_in_the_long_run_every_client_is_drawn_as_often() -> None:
    log = log_of_clients(**{f"c{number}": 1 for number in range(4)})

    assert clients([pair for seed in range(12) for pair in drawn(log, most=1, seed=seed)]) == {"c0", "c1", "c2", "c3"}
