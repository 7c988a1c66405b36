"""Search log in, cart pairs out: the purchased or wishlisted title against the high ranks nobody wanted."""

from collections.abc import Collection

import polars as pl

from mangaassist.core.types import Pair, QueryId
from mangaassist.pairs.log_pairs import log_pair, pairs_report
from mangaassist.pairs.rules import PairRules, PairsReport
from mangaassist.pairs.search_log import CART_ACTIONS, Search, usable_log

HIGH_RANKS = 3
"""Positions 1 to 3: shown there and not clicked is a high-rank non-click."""

_POSITIVE_ACTIONS = ("add_to_wishlist", "purchase")


def cart_pairs(
    queries: pl.DataFrame, events: pl.DataFrame, rules: PairRules, *, held_out: Collection[QueryId] = ()
) -> PairsReport:
    """A pair for every document that a usable search led to buy or wish for; arguments as for `click_pairs`.

    `add_to_cart` alone is no positive: it is counted as dropped. Before a purchase or wishlist it joins the evidence.
    """
    log = usable_log(queries, events, CART_ACTIONS, rules, held_out=held_out)
    pairs = [pair for search in log.searches for pair in search_cart_pairs(search)]
    alone = sum(_count_alone(search) for search in log.searches)
    return pairs_report(log, pairs, rules, unused=["add_to_cart_alone"] * alone)


def search_cart_pairs(search: Search) -> list[Pair]:
    """The cart pairs of one search, before any cap."""
    wanted = search.acted_on(_POSITIVE_ACTIONS)
    touched = search.acted_on(CART_ACTIONS)
    unwanted = search.skipped(down_to=HIGH_RANKS)
    return [log_pair(search, "cart", doc_id, unwanted, touched[doc_id]) for doc_id in wanted]


def _count_alone(search: Search) -> int:
    """How many cart events are on documents that were neither bought nor wished for."""
    wanted = search.acted_on(_POSITIVE_ACTIONS)
    return sum(len(actions) for doc_id, actions in search.acted_on(CART_ACTIONS).items() if doc_id not in wanted)
