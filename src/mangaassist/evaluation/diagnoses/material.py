"""What diagnoses read, as values: runs, judgements, facts about documents, and where the pairs came from. No model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mangaassist.core.types import DocId, Groups, Pair, Qrels, QueryId, Run
from mangaassist.evaluation.metrics import QueryScores, ranked, score_run

System = Literal["baseline", "candidate"]


@dataclass(frozen=True, slots=True)
class Probes:
    """Queries with judgements, ranked by both systems; the runs must be `run_depth(qrels)` deep.

    languages: of the queries whose language is known.  makers: query → the generator that wrote it.
    """

    texts: Mapping[QueryId, str]
    qrels: Qrels
    groups: Groups
    baseline: Run = field(default_factory=dict)
    candidate: Run = field(default_factory=dict)
    languages: Mapping[QueryId, str] = field(default_factory=dict)
    makers: Mapping[QueryId, str] = field(default_factory=dict)

    def run(self, system: System) -> Run:
        """The run of one system."""
        return self.baseline if system == "baseline" else self.candidate

    def scores(self, system: System) -> dict[QueryId, QueryScores]:
        """Scores of every query that has a relevant document."""
        return score_run(self.run(system), self.qrels)

    def first(self, system: System, query_id: QueryId, k: int) -> list[DocId]:
        """The first `k` results."""
        return ranked(self.run(system).get(query_id, {}))[:k]

    def relevant(self, query_id: QueryId) -> list[DocId]:
        """The documents judged relevant, by id."""
        return sorted(doc_id for doc_id, grade in self.qrels[query_id].items() if grade >= 1)


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What is known of documents besides their text; one that is missing from a mapping has no such fact.

    tags: exact genres, tones, themes and demographic.  subgenres: genres and themes.  popularity: ≥ 0.
    """

    headings: Mapping[DocId, str] = field(default_factory=dict)
    tags: Mapping[DocId, frozenset[str]] = field(default_factory=dict)
    subgenres: Mapping[DocId, frozenset[str]] = field(default_factory=dict)
    popularity: Mapping[DocId, float] = field(default_factory=dict)

    def heading(self, doc_id: DocId) -> str:
        """What a document is called; its id where nobody said."""
        return self.headings.get(doc_id, str(doc_id))


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that is known of a candidate and of what is live.

    test: the judged test queries.  warm: documents that are a positive in training.  pairs: what trained.
    synthetic: training queries that a generator wrote.  practised: judged queries of shoppers that training knows.
    logged: training queries that shoppers typed, with what they clicked; nobody ranks them, since what a log says of
    the ranking that made it is biased.  None where there are none.
    versions: one need in several languages each, a group is a need; None where nothing is known in two languages.
    untagged: the candidate's run of the test queries over texts without tags; None where nobody made it.
    """

    test: Probes
    documents: DocumentFacts
    warm: frozenset[DocId] = frozenset()
    pairs: Sequence[Pair] = ()
    synthetic: Probes | None = None
    practised: Probes | None = None
    logged: Probes | None = None
    versions: Probes | None = None
    untagged: Run | None = None
