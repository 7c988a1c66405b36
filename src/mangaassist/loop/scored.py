"""Runs of the contenders in, all that evidence and report are made of out."""

from collections.abc import Mapping
from dataclasses import dataclass

from mangaassist.core.types import QueryId, Run
from mangaassist.evaluation import Exposure, QueryScores, score_run
from mangaassist.loop.catalogue import Catalogue
from mangaassist.loop.judged import JudgedSplit
from mangaassist.loop.pairing import StoredPairs
from mangaassist.pairs import NearDuplicateIndex


@dataclass(frozen=True, slots=True)
class Scored:
    """A judged split with the runs of the contenders, by name, and what training has seen.

    by_text: system → `plain`, `enriched` → its run over such texts.
    ablated: weight of query composition → the candidate's run without it.
    """

    split: JudgedSplit
    catalogue: Catalogue
    runs: Mapping[str, Run]
    by_text: Mapping[str, Mapping[str, Run]]
    ablated: Mapping[str, Run]
    exposure: Exposure
    seed: int

    def scores(self, who: str) -> Mapping[QueryId, QueryScores]:
        """Scores of every query."""
        return score_run(self.runs[who], self.split.qrels)


def exposure_of(stored: StoredPairs, split: JudgedSplit) -> Exposure:
    """Warm documents are positives in training; seen queries are near-duplicates of training queries."""
    index = NearDuplicateIndex(sorted({pair.query_text for pair in stored.pairs}))
    return Exposure(
        warm=frozenset(pair.positive for pair in stored.pairs),
        seen=frozenset(query.query_id for query in split.queries if index.has_match(query.text)),
    )
