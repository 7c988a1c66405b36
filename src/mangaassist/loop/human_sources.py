"""Curated rows and reviewed proposals in, the pairs that people vouch for out, without those that know the test."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mangaassist.core.types import DocId, Pair
from mangaassist.data import Workspace, articles, curated, titles
from mangaassist.loop.judged import JudgedSplit
from mangaassist.loop.reviewing import read_proposals
from mangaassist.pairs import (
    DropReason,
    NamedTitles,
    PairsReport,
    SyntheticPair,
    as_pair,
    drop_leaks,
    editorial_pairs,
    editorial_query,
    synthetic_pairs,
)
from mangaassist.queries import TitleResolver


@dataclass(frozen=True, slots=True)
class HumanPairs:
    """One report per source that has rows, by source name, and the rejected proposals.

    named_titles: finds the titles that a text names, for editors' queries certainly: what leaks are looked for with.
    """

    reports: dict[str, PairsReport]
    rejected: Sequence[SyntheticPair]
    named_titles: NamedTitles


def human_pairs(workspace: Workspace, *, dropped: Sequence[str] = (), rng: np.random.Generator) -> HumanPairs:
    """The editorial and the synthetic pairs of a workspace, before anything is held against the test set.

    dropped: generators whose proposals do not train.
    """
    known, rows, proposals = titles(workspace), curated(workspace), read_proposals(workspace)
    by_id = {title.title_id: title for title in known}
    reports = {}
    if rows:
        reports["editorial"] = editorial_pairs(rows, known, rng=rng)
    if proposals:
        documents = [*by_id, *(article.article_id for article in articles(workspace))]
        reports["synthetic"] = synthetic_pairs(proposals, map(DocId, documents), dropped_generators=dropped)
    meant = {
        editorial_query(by_id[row.title_id], row.shared): DocId(row.title_id) for row in rows if row.title_id in by_id
    }
    resolver = TitleResolver(known)

    def named_titles(text: str) -> frozenset[DocId]:
        return resolver.named(text) | ({meant[text]} if text in meant else frozenset())

    rejected = [proposal for proposal in proposals if proposal.status == "rejected"]
    return HumanPairs(reports, rejected, named_titles)


def without_leaks(human: HumanPairs, test: JudgedSplit) -> HumanPairs:
    """The same without what knows the test set: such pairs are counted as dropped, such rejections forgotten."""
    reasons: dict[str, DropReason] = {"editorial": "leaks_test_reference", "synthetic": "near_test_query"}
    reports = {}
    for source, report in human.reports.items():
        kept, leaks = _kept(report.pairs, human, test)
        dropped = Counter(report.dropped) + Counter({reasons[source]: leaks})
        reports[source] = replace(report, pairs=kept, dropped=dict(sorted(dropped.items())))
    harmless = {pair.evidence for pair in _kept([as_pair(each) for each in human.rejected], human, test)[0]}
    return replace(human, reports=reports, rejected=[each for each in human.rejected if (each.id,) in harmless])


def _kept(pairs: Sequence[Pair], human: HumanPairs, test: JudgedSplit) -> tuple[list[Pair], int]:
    kept, leaks = drop_leaks(pairs, test.queries, test.qrels, named_titles=human.named_titles)
    return kept, len(leaks)
