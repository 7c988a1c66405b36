"""`popularity_collapse`: the first results repeat best sellers, more than the live ones do and the judgements imply."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from mangaassist.core.types import DocId, QueryId
from mangaassist.evaluation.diagnoses.diagnosis import SHOWN_EVIDENCE, Diagnosis, Evidence, Figure
from mangaassist.evaluation.diagnoses.harm import mean_harm
from mangaassist.evaluation.diagnoses.material import Material, System
from mangaassist.evaluation.diagnoses.showing import answer, seen_in, too_small, worst
from mangaassist.evaluation.diagnoses.thresholds import DiagnosisRules

_SLOTS = 3


def popularity_collapse(material: Material, rules: DiagnosisRules) -> Diagnosis:
    """Value: share of the first three slots that the head holds, beyond the larger of baseline and judgements.

    Both excesses must be clear of what is tolerated; each is tested at the full tail, as both have to hold
    (intersection-union). Queries that want nothing with a popularity (help articles) take no part.
    """
    popularity = material.documents.popularity or _clicks(material)
    queries = [
        query_id
        for query_id in sorted(material.test.qrels)
        if any(doc_id in popularity for doc_id in material.test.relevant(query_id))
    ]
    if len(queries) < rules.fewest_queries or not popularity:
        because = f"{len(queries)} queries want a document of known popularity; {rules.fewest_queries} are needed"
        return too_small("popularity_collapse", rules, because, queries=len(queries))
    head = _head(popularity, rules.head_share)
    shown = {system: {each: material.test.first(system, each, _SLOTS) for each in queries} for system in _SYSTEMS}
    share = {system: _head_shares(shown[system], head) for system in _SYSTEMS}
    implied = _head_shares({each: material.test.relevant(each) for each in queries}, head)
    over_live = {each: share["candidate"][each] - share["baseline"][each] for each in queries}
    over_implied = {each: share["candidate"][each] - implied[each] for each in queries}
    harms = [mean_harm(over, material.test.groups) for over in (over_live, over_implied)]
    means = [float(np.mean([each[query_id] for query_id in queries])) for each in (*share.values(), implied)]
    return answer(
        "popularity_collapse",
        rules,
        min(harms, key=lambda harm: harm.mean),
        low=min(harm.interval(rules.tail)[0] for harm in harms),
        baseline=max(means[0], means[2]),
        said=(
            f"the {len(head)} most popular documents hold {means[1]:.1%} of the first three places, {means[0]:.1%} "
            f"before; the judgements imply {means[2]:.1%}"
        ),
        figures={
            "head share of first 3": Figure(means[0], means[1], means[2]),
            "documents ever in first 3": Figure(*(_coverage(shown[system], popularity) for system in _SYSTEMS)),
            "Gini of first 3": Figure(*(_gini(shown[system], popularity) for system in _SYSTEMS)),
        },
        evidence=_evidence(material, shown, over_live, head),
    )


_SYSTEMS: tuple[System, System] = ("baseline", "candidate")


def _clicks(material: Material) -> Mapping[DocId, float]:
    """How often each document is a positive: the popularity of a catalogue that tells none."""
    return Counter(pair.positive for pair in material.pairs)


def _head(popularity: Mapping[DocId, float], share: float) -> frozenset[DocId]:
    ordered = sorted(popularity, key=lambda doc_id: (-popularity[doc_id], doc_id))
    return frozenset(ordered[: max(1, round(share * len(ordered)))])


def _head_shares(lists: Mapping[QueryId, Sequence[DocId]], head: frozenset[DocId]) -> dict[QueryId, float]:
    return {
        query_id: sum(doc_id in head for doc_id in found) / len(found) if found else 0.0
        for query_id, found in lists.items()
    }


def _coverage(shown: Mapping[QueryId, Sequence[DocId]], popularity: Mapping[DocId, float]) -> float:
    """The share of the catalogue that any query shows."""
    return len({doc_id for found in shown.values() for doc_id in found} & set(popularity)) / len(popularity)


def _gini(shown: Mapping[QueryId, Sequence[DocId]], popularity: Mapping[DocId, float]) -> float:
    """How unequally the slots are shared out: 0 is equally, 1 is all to one document."""
    counts = Counter(doc_id for found in shown.values() for doc_id in found if doc_id in popularity)
    slots = np.sort(np.array([counts[doc_id] for doc_id in popularity], dtype=np.float64))
    if not slots.sum():
        return 0.0
    ranks = np.arange(1, len(slots) + 1)
    return float((2 * ranks - len(slots) - 1) @ slots / (len(slots) * slots.sum()))


def _evidence(
    material: Material,
    shown: Mapping[System, Mapping[QueryId, Sequence[DocId]]],
    over_live: Mapping[QueryId, float],
    head: frozenset[DocId],
) -> tuple[Evidence, ...]:
    """The best sellers that won most slots, then queries where they did."""
    won: Counter[DocId] = Counter(doc_id for found in shown["candidate"].values() for doc_id in found)
    had: Counter[DocId] = Counter(doc_id for found in shown["baseline"].values() for doc_id in found)
    risen = sorted(head, key=lambda doc_id: (had[doc_id] - won[doc_id], doc_id))[:2]
    documents = [
        Evidence(
            f"among the first three of {won[doc_id]:,} queries, of {had[doc_id]:,} before",
            document=material.documents.heading(doc_id),
        )
        for doc_id in risen
        if won[doc_id] > had[doc_id]
    ]
    queries = [
        seen_in(material.test, material.documents, query_id, "best sellers take its first places")
        for query_id in worst(over_live, SHOWN_EVIDENCE - len(documents))
    ]
    return (*documents, *queries)
