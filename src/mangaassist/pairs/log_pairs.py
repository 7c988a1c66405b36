"""Usable searches in, a pairs report out: what clicks and carts do alike."""

from collections import Counter
from collections.abc import Iterable, Sequence

from mangaassist.core.types import DocId, Pair, PairSource
from mangaassist.pairs.limits import limit_pairs
from mangaassist.pairs.rules import DropReason, PairRules, PairsReport
from mangaassist.pairs.search_log import Action, Search, UsableLog


def log_pair(
    search: Search, source: PairSource, positive: DocId, negatives: Sequence[DocId], actions: Sequence[Action]
) -> Pair:
    """The pair that these actions on one document of a search are evidence for."""
    return Pair(
        query_text=search.text,
        positive=positive,
        source=source,
        negatives=tuple(negatives),
        query_id=search.query_id,
        client=search.client,
        at=actions[0].at,
        evidence=tuple(action.event_id for action in actions),
    )


def pairs_report(
    log: UsableLog, pairs: Iterable[Pair], rules: PairRules, *, unused: Sequence[DropReason] = ()
) -> PairsReport:
    """The pairs within the caps, and where every raw event went; `unused` has a reason for each event in no pair."""
    limited = limit_pairs(pairs, max_repeats=rules.max_repeats, max_client_share=rules.max_client_share)
    dropped = Counter(log.dropped)
    dropped.update(unused)
    dropped["too_many_repeats"] += sum(len(pair.evidence) for pair in limited.repeats)
    return PairsReport(
        pairs=limited.pairs,
        raw=log.raw,
        dropped={reason: count for reason, count in sorted(dropped.items()) if count},
        inhuman_sessions=log.inhuman_sessions,
        largest_client_share=limited.largest_client_share,
    )
