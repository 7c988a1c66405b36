"""Curated rows, reviews and train judgements in, the pairs that people vouch for out; none knows the test."""

from collections import Counter
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np

from mangaassist.core.types import DocId, Pair
from mangaassist.data import Workspace, articles, curated, titles
from mangaassist.feedback import feedback_pairs
from mangaassist.loop.judged import JudgedSplit, judged_split
from mangaassist.loop.review_queue import refused_documents, settled_items
from mangaassist.loop.reviewing import read_proposals
from mangaassist.pairs import (
    DropReason,
    NamedTitles,
    PairRules,
    PairsReport,
    SyntheticPair,
    as_pair,
    drop_leaks,
    editorial_pairs,
    editorial_query,
    judged_pairs,
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


def human_pairs(
    workspace: Workspace,
    rules: PairRules,
    *,
    rng: np.random.Generator,
    feedback_weight: float = 1.0,
    held_out: Collection[str] = (),
) -> HumanPairs:
    """The editorial, synthetic, judged and feedback pairs of a workspace, before anything is held against the test set.

    held_out: ids of searches that test; nothing that failed in them alone becomes a feedback pair.
    """
    known, rows, proposals = titles(workspace), curated(workspace), read_proposals(workspace)
    settled = settled_items(workspace)
    by_id = {title.title_id: title for title in known}
    reports = {}
    if rows:
        reports["editorial"] = editorial_pairs(rows, known, rng=rng)
    documents = frozenset(map(DocId, (*by_id, *(article.article_id for article in articles(workspace)))))
    if proposals:
        reports["synthetic"] = synthetic_pairs(proposals, documents, dropped_generators=rules.dropped_generators)
    if rules.from_judgements:
        reports["judgement"] = _from_judgements(judged_split(workspace, "train"), documents)
    if any(item.kind in ("positive", "negative") for item, _ in settled):
        reports["feedback"] = feedback_pairs(settled, documents, weight=feedback_weight, held_out=held_out)
    meant = {
        editorial_query(by_id[row.title_id], row.shared): DocId(row.title_id) for row in rows if row.title_id in by_id
    }
    resolver = TitleResolver(known)

    def named_titles(text: str) -> frozenset[DocId]:
        return resolver.named(text) | ({meant[text]} if text in meant else frozenset())

    rejected = [proposal for proposal in proposals if proposal.status == "rejected"] + refused_documents(settled)
    return HumanPairs(reports, rejected, named_titles)


def _from_judgements(train: JudgedSplit, documents: AbstractSet[DocId]) -> PairsReport:
    """The pairs of the judged train queries; a document that is judged 0 is behind no pair, and a hard negative."""
    known = {
        query_id: {doc_id: grade for doc_id, grade in grades.items() if doc_id in documents}
        for query_id, grades in train.qrels.items()
    }
    pairs = judged_pairs(known, {query.query_id: query for query in train.queries})
    rows, left = (sum(map(len, qrels.values())) for qrels in (train.qrels, known))
    dropped: dict[DropReason, int] = {"judged_not_relevant": left - len(pairs), "unknown_document": rows - left}
    return PairsReport(
        pairs=pairs,
        raw={"judgement": rows},
        dropped={reason: count for reason, count in dropped.items() if count},
        inhuman_sessions=0,
        largest_client_share=0.0,
    )


def without_leaks(human: HumanPairs, test: JudgedSplit) -> HumanPairs:
    """The same without what knows the test set: such pairs are counted as dropped, such rejections forgotten."""
    reasons: dict[str, DropReason] = {
        "editorial": "leaks_test_reference",
        "synthetic": "near_test_query",
        "judgement": "judged_for_test",
        "feedback": "near_test_query",
    }
    reports = {}
    for source, report in human.reports.items():
        kept, leaks = _kept(report.pairs, human, test)
        dropped = Counter(report.dropped) + Counter({reasons[source]: leaks})
        reports[source] = replace(report, pairs=kept, dropped=dict(sorted(dropped.items())))
    kept, _ = _kept([as_pair(each) for each in human.rejected], human, test)
    harmless = {(pair.evidence, pair.query_text) for pair in kept}
    rejected = [each for each in human.rejected if ((each.id,), each.query_text) in harmless]
    return replace(human, reports=reports, rejected=rejected)


def _kept(pairs: Sequence[Pair], human: HumanPairs, test: JudgedSplit) -> tuple[list[Pair], int]:
    kept, leaks = drop_leaks(pairs, test.queries, test.qrels, named_titles=human.named_titles)
    return kept, len(leaks)
