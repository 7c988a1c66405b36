"""Stored pairs and titles in, queries beside the test set out: what diagnoses compare it with.

Training texts that a generator wrote, those that shoppers typed, and the names of titles in several languages, each of
which should find the title.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mangaassist.core.types import DocId, GroupId, Pair, PairSource, Query, QueryId
from mangaassist.data import Title
from mangaassist.evaluation import Probes
from mangaassist.loop.contenders import Contender
from mangaassist.loop.judged import JudgedSplit
from mangaassist.pairs import split_groups

MOST_TEXTS = 500
"""Training texts of one kind that are ranked; of more a part is drawn, every text once."""

MOST_LOGGED = 5_000
"""Training texts that are only read."""

MOST_TITLES = 300
"""Titles whose names are ranked."""

TYPED: tuple[PairSource, ...] = ("click", "cart", "feedback")


@dataclass(frozen=True, slots=True)
class ProbeQueries:
    """Queries with their judgements, groups and languages, before anybody ranked them.

    makers: query → generator.
    """

    split: JudgedSplit
    languages: Mapping[QueryId, str] = field(default_factory=dict)
    makers: Mapping[QueryId, str] = field(default_factory=dict)


def training_texts(
    pairs: Iterable[Pair], sources: Sequence[PairSource], *, makers: Mapping[str, str], most: int, seed: int
) -> ProbeQueries:
    """Up to `most` texts of these sources, each with all its positives as relevant.

    makers: proposal id → generator, of pairs whose evidence is a proposal.
    """
    relevant: dict[str, dict[DocId, int]] = {}
    made_by: dict[str, str] = {}
    for pair in pairs:
        if pair.source in sources:
            relevant.setdefault(pair.query_text, {})[pair.positive] = 1
            made_by.update((pair.query_text, makers[each]) for each in pair.evidence if each in makers)
    texts = sorted(relevant)
    if len(texts) > most:
        places = np.random.default_rng(seed).choice(len(texts), size=most, replace=False)
        texts = [texts[place] for place in sorted(places)]
    queries = [Query(QueryId(f"{sources[0]}:{number:05}"), text) for number, text in enumerate(texts)]
    qrels = {query.query_id: relevant[query.text] for query in queries}
    found = {query.query_id: made_by[query.text] for query in queries if query.text in made_by}
    return ProbeQueries(JudgedSplit(queries, qrels, split_groups(queries)), makers=found)


def versions(judged: JudgedSplit, known: Iterable[Title], *, seed: int) -> ProbeQueries:
    """Judged queries of one need in several languages, and names of titles that have them in several.

    A need is a group. The names are asked about, not for others like them: `product_question`.
    """
    of_need: dict[str, list[Query]] = {}
    for query in judged.queries:
        if query.group and query.metadata.get("language"):
            of_need.setdefault(query.group, []).append(query)
    asked = [
        query
        for need in sorted(of_need)
        if len({query.metadata["language"] for query in of_need[need]}) > 1
        for query in of_need[need]
    ]
    named = _names(known, np.random.default_rng(seed))
    queries = [*asked, *(query for query, _ in named)]
    qrels = {query.query_id: judged.qrels[query.query_id] for query in asked}
    qrels |= {query.query_id: {doc_id: 1} for query, doc_id in named}
    groups = {query.query_id: query.group for query in queries if query.group}
    return ProbeQueries(
        JudgedSplit(queries, qrels, groups), {query.query_id: query.metadata["language"] for query in queries}
    )


def _names(known: Iterable[Title], rng: np.random.Generator) -> list[tuple[Query, DocId]]:
    """Queries that are names, with the title they name, of up to `MOST_TITLES` titles named in several languages."""
    named = [(title, forms) for title in sorted(known, key=_title_id) if len(forms := _forms(title)) > 1]
    if len(named) > MOST_TITLES:
        named = [named[place] for place in sorted(rng.choice(len(named), size=MOST_TITLES, replace=False))]
    return [
        (
            Query(
                QueryId(f"name:{title.title_id}:{language}"),
                text,
                intent="product_question",
                group=GroupId(f"name:{title.title_id}"),
                metadata={"language": language},
            ),
            DocId(title.title_id),
        )
        for title, forms in named
        for language, text in forms.items()
    ]


def _title_id(title: Title) -> str:
    return title.title_id


def _forms(title: Title) -> dict[str, str]:
    """Language → name; a name that repeats another one is left out."""
    forms = {"en": title.title, "romaji": title.title_romaji, "ja": title.title_japanese}
    distinct: dict[str, str] = {}
    for language, name in forms.items():
        if name and name.casefold() not in {each.casefold() for each in distinct.values()}:
            distinct[language] = name
    return distinct


def unranked_probes(found: ProbeQueries) -> Probes | None:
    """The queries without any run; None of no query."""
    split = found.split
    if not split.queries:
        return None
    texts = {query.query_id: query.text for query in split.queries}
    return Probes(texts, split.qrels, split.groups, languages=found.languages, makers=found.makers)


def ranked_probes(found: ProbeQueries, field: Mapping[str, Contender]) -> Probes | None:
    """The queries as baseline and candidate rank them; None of no query."""
    bare = unranked_probes(found)
    if bare is None:
        return None
    runs = {system: field[system].run(found.split) for system in ("baseline", "candidate")}
    return replace(bare, baseline=runs["baseline"], candidate=runs["candidate"])
