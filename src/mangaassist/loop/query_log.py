"""The candidate's run over judged queries in, one `retrieval_eval` line per query out."""

from collections.abc import Sequence

from mangaassist.core.files import write_atomic
from mangaassist.data import Workspace
from mangaassist.evaluation import RetrievalEval, ranked
from mangaassist.loop.scored import Scored


def log_queries(workspace: Workspace, scored: Scored, *, adapter_version: str, timings: Sequence[float]) -> None:
    """Writes the lines of one candidate into its own log file. timings: milliseconds of each query of the split."""
    scores, headings = scored.scores("candidate"), scored.catalogue.headings
    lines = []
    for query, latency_ms in zip(scored.split.queries, timings, strict=True):
        top3 = ranked(scored.runs["candidate"][query.query_id])[:3]
        lines.append(
            RetrievalEval(
                query=query.text,
                intent=query.intent,
                top3_titles=tuple(headings[doc_id] for doc_id in top3),
                recall_at_3_hit=scores[query.query_id].success_at_3 > 0,
                adapter_version=adapter_version,
                latency_ms=round(latency_ms, 3),
                query_id=query.query_id,
                hit_source="judgement",
            ).as_line()
        )
    write_atomic(workspace.logs / f"retrieval_eval-{adapter_version}.jsonl", ("\n".join(lines) + "\n").encode())
