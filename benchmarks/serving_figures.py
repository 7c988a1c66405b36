"""A workspace in, what its retrieval finds against exact scoring of every document, and the adapter's cost, out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mangaassist.core.types import Vectors, no_progress
from mangaassist.data import Workspace
from mangaassist.encoders import LocalEncoder
from mangaassist.evaluation import latency_addon
from mangaassist.loop import read_settings, registry_of, workspace_encoder
from mangaassist.serving import Filters, RetrieveRequest
from mangaassist.serving.answering import Answering, Stages
from mangaassist.serving.ranking import RanksAll
from mangaassist.serving.served_release import ServedRelease, open_release

K = 10
FILTER = Filters(demographic=("Shoujo",))
WITHIN = 1e-5
"""Two ways to add up the same products differ by less."""


def retrieval_figures(workspace: Workspace, texts: Sequence[str]) -> dict[str, float]:
    """Recall of the served ranking, unfiltered and filtered, and the 99th percentile of the adapter step alone.

    Recall counts results that score at least what the exact tenth scores, of the whole score (cosine and bonus).
    """
    settings, encoder = read_settings(workspace.root), LocalEncoder()
    stored = workspace_encoder(workspace, settings, no_progress)
    served = open_release(workspace, settings, registry_of(workspace).aliases().live, stored)
    exact = replace(served, ranks=RanksAll(served.ranks.doc_ids, served.adapter.adapt_documents(served.base)))
    base = encoder.encode(texts)
    how = Answering(None, settings.pairs.min_intent_confidence, settings.shop)
    addon = latency_addon(lambda: encoder.encode(texts[:1]), served.adapter.adapt_queries, base)
    return {
        "recall_vs_exact": _recall(how, served, exact, texts, base, Filters()),
        "filtered_recall_vs_exact": _recall(how, served, exact, texts, base, FILTER),
        "recall_queries": len(texts),
        "latency_addon_p99_ms": round(addon.p99_ms, 4),
    }


def _recall(
    how: Answering,
    served: ServedRelease,
    exact: ServedRelease,
    texts: Sequence[str],
    base: Vectors,
    filters: Filters,
) -> float:
    shares = []
    for text, vector in zip(texts, base, strict=True):
        request = RetrieveRequest(text, k=K, filters=filters)
        found, best = (
            [result.score for result in how.answer(each, request, vector, Stages(), query_id="recall").results]
            for each in (served, exact)
        )
        if best:
            shares.append(sum(score >= best[-1] - WITHIN for score in found) / len(best))
    return round(float(np.mean(shares)), 5)
