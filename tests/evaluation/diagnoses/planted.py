"""Worlds with a planted failure: two hundred queries, documents you can name, runs written down."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from mangaassist.core.types import DocId, GroupId, Pair, PairSource, QueryId
from mangaassist.evaluation.diagnoses import Diagnosis, DiagnosisRules, DocumentFacts, Material, Probes, diagnose

QUERIES = 200
CATALOGUE = [DocId(f"d{number:03}") for number in range(400)]
"""Documents; in every world query i wants d(2i) and d(2i + 1)."""

Lists = Callable[[int], Sequence[DocId]]


def wanted(number: int) -> list[DocId]:
    return [CATALOGUE[2 * number], CATALOGUE[2 * number + 1]]


def right(number: int) -> list[DocId]:
    """Both wanted documents, then others."""
    return [*wanted(number), *others(number)]


def others(number: int) -> list[DocId]:
    """Ten documents that nobody wants for this query, all over the catalogue."""
    return [CATALOGUE[(2 * number + 37 * step) % len(CATALOGUE)] for step in range(1, 11)]


def probes(baseline: Lists, candidate: Lists, *, texts: Mapping[int, str] | None = None) -> Probes:
    ids = [QueryId(f"q{number:03}") for number in range(QUERIES)]

    def run(lists: Lists) -> dict[QueryId, dict[DocId, float]]:
        return {
            query_id: {doc_id: 1.0 / (1 + place) for place, doc_id in enumerate(lists(number))}
            for number, query_id in enumerate(ids)
        }

    return Probes(
        texts={query_id: (texts or {}).get(number, f"query {number}") for number, query_id in enumerate(ids)},
        qrels={query_id: dict.fromkeys(wanted(number), 1) for number, query_id in enumerate(ids)},
        groups={query_id: GroupId(query_id) for query_id in ids},
        baseline=run(baseline),
        candidate=run(candidate),
    )


def facts(
    *, popular: Sequence[DocId] = (), subgenres: Callable[[int], set[str]] = lambda number: {f"genre {number % 7}"}
) -> DocumentFacts:
    tags = {doc_id: frozenset(subgenres(number)) for number, doc_id in enumerate(CATALOGUE)}
    return DocumentFacts(
        headings={doc_id: f"Title {doc_id[1:]}" for doc_id in CATALOGUE},
        tags=tags,
        subgenres=tags,
        popularity={doc_id: 1000.0 if doc_id in popular else 1.0 for doc_id in CATALOGUE},
    )


def pairs_of(
    doc_id: DocId, clients: Sequence[str], *, source: PairSource = "click", text: str = "a text"
) -> list[Pair]:
    noon = datetime(2026, 11, 3, 12, tzinfo=UTC)
    return [
        Pair(text, doc_id, source, client=client, at=noon + timedelta(minutes=number))
        for number, client in enumerate(clients)
    ]


def found(material: Material, name: str, rules: DiagnosisRules | None = None) -> Diagnosis:
    return {each.name: each for each in diagnose(material, rules or DiagnosisRules(), seed=0)}[name]  # type: ignore[index]


def alarms(material: Material) -> list[str]:
    return [each.name for each in diagnose(material, DiagnosisRules(), seed=0) if each.status != "ok"]
