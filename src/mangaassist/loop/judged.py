"""A workspace in, one split of its judged queries out, ready to be scored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mangaassist.core.errors import DataError
from mangaassist.core.files import sha256_bytes
from mangaassist.core.types import DocId, GroupId, Query, QueryId
from mangaassist.data import Split, Workspace, judged_queries, judgements
from mangaassist.evaluation import has_relevant
from mangaassist.pairs import split_groups


@dataclass(frozen=True, slots=True)
class JudgedSplit:
    """Queries of one split that have a relevant document, their qrels, and the groups that intervals resample."""

    queries: Sequence[Query]
    qrels: Mapping[QueryId, Mapping[DocId, int]]
    groups: Mapping[QueryId, GroupId]

    @property
    def fingerprint(self) -> str:
        """Digest of the queries and their judgements: which test set it is."""
        lines = [
            f"{query.query_id}\t{query.text}\t{sorted(self.qrels[query.query_id].items())}" for query in self.queries
        ]
        return sha256_bytes("\n".join(lines).encode())


def judged_split(workspace: Workspace, split: Split) -> JudgedSplit:
    """The judged queries of a split, by id; raises DataError if there are none."""
    grades: dict[QueryId, dict[DocId, int]] = {}
    for judgement in judgements(workspace):
        grades.setdefault(QueryId(judgement.query_id), {})[DocId(judgement.doc_id)] = judgement.grade
    queries = [
        Query(
            query_id=QueryId(judged.query_id),
            text=judged.text,
            intent=judged.intent,
            group=GroupId(judged.group) if judged.group else None,
            metadata={
                name: value
                for name in ("language", "symptom", "reference")
                if (value := getattr(judged, name)) is not None
            },
        )
        for judged in judged_queries(workspace)
        if judged.split == split and has_relevant(grades.get(QueryId(judged.query_id), {}))
    ]
    if not queries:
        raise DataError(
            f"{workspace.root} holds no judged {split} query with a relevant document; ingest judged_queries and "
            "judgements: what was never judged cannot be evaluated"
        )
    return JudgedSplit(queries, {query.query_id: grades[query.query_id] for query in queries}, split_groups(queries))
