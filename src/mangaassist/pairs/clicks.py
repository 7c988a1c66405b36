"""Search log in, click pairs out: the clicked product against what was skipped on the way to it."""

from collections.abc import Collection

import polars as pl

from mangaassist.core.types import Pair, QueryId
from mangaassist.pairs.log_pairs import log_pair, pairs_report
from mangaassist.pairs.rules import PairRules, PairsReport
from mangaassist.pairs.search_log import CLICK_ACTIONS, Search, usable_log


def click_pairs(
    queries: pl.DataFrame, events: pl.DataFrame, rules: PairRules, *, held_out: Collection[QueryId] = ()
) -> PairsReport:
    """A pair for every clicked document of a usable search, with the skipped documents as its negatives.

    queries: query_id, client_id, user_query, timestamp, query_response_hit_ids, intent, intent_confidence.
    events: event_id, query_id, session_id, client_id, action_name, timestamp, object_id, ordinal (1-based).
    Skipped = shown above the lowest click, or directly below it, and nothing was done with it. Clicks are decent
    preferences only relative to what the shopper saw (Joachims et al. 2005); further down nobody knows what was seen.
    held_out: queries that are kept for testing; what was done there is counted as dropped.
    """
    log = usable_log(queries, events, CLICK_ACTIONS, rules, held_out=held_out)
    return pairs_report(log, [pair for search in log.searches for pair in search_click_pairs(search)], rules)


def search_click_pairs(search: Search) -> list[Pair]:
    """The click pairs of one search, before any cap."""
    clicked = search.acted_on(CLICK_ACTIONS)
    lowest = max((search.positions.get(doc_id, 0) for doc_id in clicked), default=0)
    skipped = search.skipped(down_to=lowest + 1) if lowest else ()
    return [log_pair(search, "click", doc_id, skipped, actions) for doc_id, actions in clicked.items()]
