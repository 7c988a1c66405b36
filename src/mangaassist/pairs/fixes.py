"""Names of known failures in, stricter rules for pairs out: what `train --fix NAME` changes before it trains."""

from collections.abc import Collection
from dataclasses import replace
from typing import Literal, get_args

from mangaassist.pairs.rules import PairRules

Fix = Literal[
    "popularity_collapse",
    "synthetic_drift",
    "metadata_leakage",
    "narrow_retrieval",
    "cold_harm",
    "language_drift",
    "click_farm",
]
"""Failures that have a fix; of a saturated base there is none but not to train."""
FIXES: tuple[Fix, ...] = get_args(Fix)

FIXED_SYNTHETIC_SHARE = 0.10
FIXED_DOCUMENT_SHARE = 0.05
"""So at least twenty clients are behind the weight of a document, or all of its clients count alike."""


def fixed_rules(rules: PairRules, fixes: Collection[Fix], *, drifting: Collection[str] = ()) -> PairRules:
    """The rules with the fixes; never looser than they were. drifting: generators that drop out with synthetic_drift.

    popularity_collapse: every document of a source gets the same weight.  synthetic_drift: half the synthetic share.
    click_farm: one pair per client, query and document; no client carries a document.  The other fixes add pairs, or
    change what is trained and validated on: see docs/diagnoses.md.
    """
    if "popularity_collapse" in fixes:
        rules = replace(rules, popularity_exponent=1.0)
    if "synthetic_drift" in fixes:
        rules = replace(
            rules,
            max_synthetic_share=min(rules.max_synthetic_share, FIXED_SYNTHETIC_SHARE),
            dropped_generators=tuple(sorted({*rules.dropped_generators, *drifting})),
        )
    if "click_farm" in fixes:
        rules = replace(
            rules,
            max_repeats=1,
            max_client_share=min(rules.max_client_share, PairRules().max_client_share),
            max_document_share=min(rules.max_document_share, FIXED_DOCUMENT_SHARE),
        )
    return rules
