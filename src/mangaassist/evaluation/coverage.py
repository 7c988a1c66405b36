"""A run and what was shown in, how much of the run's first results anybody ever saw for that query out.

A log says nothing of a document that it never showed: no click is then no verdict.
"""

from collections.abc import Collection, Mapping

from mangaassist.core.types import DocId, QueryId, Run
from mangaassist.evaluation.metrics import ranked


def shown_shares(
    run: Run, texts: Mapping[QueryId, str], shown: Mapping[str, Collection[DocId]], *, k: int = 3
) -> dict[QueryId, float]:
    """For each query, the share of its first `k` results that were shown for its text; 1.0 without results.

    texts: of every query, normalised.  shown: text → documents that someone was shown for it.
    """
    shares = {}
    for query_id, text in texts.items():
        first, seen = ranked(run.get(query_id, {}))[:k], shown.get(text, ())
        shares[query_id] = sum(doc_id in seen for doc_id in first) / len(first) if first else 1.0
    return shares
