"""Events in, examples out: pairs from clicks, carts, editors and the corpus, weighed, split, with hard negatives.

queries + events ─► click_pairs, cart_pairs ─┐
documents ────────► corpus_pairs ────────────┼─► balance_pairs ─► check_no_leakage ─► mine_hard_negatives ─► examples
curated rows ─────► editorial_pairs ─────────┤
metadata ─► generate_synthetic ─► reviewer ──┤
judged pairs ────────────────────────────────┘

queries + events ─► hold_out_newest ─► live_log_test: the newest searches test and do not train
"""

from mangaassist.pairs.balance import (
    BalancedPairs,
    balance_pairs,
    balance_popularity,
    cap_synthetic_share,
    source_shares,
)
from mangaassist.pairs.bilingual import bilingual_pairs
from mangaassist.pairs.corpus import TwoSides, body_of, corpus_pairs, two_sides
from mangaassist.pairs.editorial import editorial_pairs, editorial_query
from mangaassist.pairs.fixes import FIXES, Fix, fixed_rules
from mangaassist.pairs.judged import judged_pairs
from mangaassist.pairs.leakage import Leak, NamedTitles, check_no_leakage, drop_leaks, find_leaks
from mangaassist.pairs.limits import cap_client_share, cap_repeats, largest_client_share
from mangaassist.pairs.live_split import (
    HeldOut,
    LiveLogTest,
    click_grades,
    hold_out_newest,
    live_log_test,
    training_events,
)
from mangaassist.pairs.log_draw import draw_pairs
from mangaassist.pairs.log_frames import cart_pairs, click_pairs
from mangaassist.pairs.log_pairs import LOG_SOURCES, LogSource, log_pair_rows, mine_log, write_log_pairs
from mangaassist.pairs.near_duplicates import JACCARD, NearDuplicateIndex, jaccard, near_duplicate_groups, normalise
from mangaassist.pairs.negatives import known_positives, mine_hard_negatives, query_text_id, training_queries
from mangaassist.pairs.newest import exposed_documents, held_events_among, held_searches_among, mark_newest
from mangaassist.pairs.pair_rows import pair_rows, pairs_of_rows
from mangaassist.pairs.real_queries import check_real_queries
from mangaassist.pairs.rules import DropReason, LiveLogRules, PairRules, PairsReport
from mangaassist.pairs.shown import shown_results
from mangaassist.pairs.splits import split_by_group, split_groups
from mangaassist.pairs.synthetic import (
    Status,
    SyntheticPair,
    as_pair,
    generate_synthetic,
    synthetic_pairs,
    with_rejected,
)
from mangaassist.pairs.taste import TasteFacets, taste_pairs
from mangaassist.pairs.visits import count_rows, read_visits

__all__ = [
    "FIXES",
    "JACCARD",
    "LOG_SOURCES",
    "BalancedPairs",
    "DropReason",
    "Fix",
    "HeldOut",
    "Leak",
    "LiveLogRules",
    "LiveLogTest",
    "LogSource",
    "NamedTitles",
    "NearDuplicateIndex",
    "PairRules",
    "PairsReport",
    "Status",
    "SyntheticPair",
    "TasteFacets",
    "TwoSides",
    "as_pair",
    "balance_pairs",
    "balance_popularity",
    "bilingual_pairs",
    "body_of",
    "cap_client_share",
    "cap_repeats",
    "cap_synthetic_share",
    "cart_pairs",
    "check_no_leakage",
    "check_real_queries",
    "click_grades",
    "click_pairs",
    "corpus_pairs",
    "count_rows",
    "draw_pairs",
    "drop_leaks",
    "editorial_pairs",
    "editorial_query",
    "exposed_documents",
    "find_leaks",
    "fixed_rules",
    "generate_synthetic",
    "held_events_among",
    "held_searches_among",
    "hold_out_newest",
    "jaccard",
    "judged_pairs",
    "known_positives",
    "largest_client_share",
    "live_log_test",
    "log_pair_rows",
    "mark_newest",
    "mine_hard_negatives",
    "mine_log",
    "near_duplicate_groups",
    "normalise",
    "pair_rows",
    "pairs_of_rows",
    "query_text_id",
    "read_visits",
    "shown_results",
    "source_shares",
    "split_by_group",
    "split_groups",
    "synthetic_pairs",
    "taste_pairs",
    "training_events",
    "training_queries",
    "two_sides",
    "with_rejected",
    "write_log_pairs",
]
