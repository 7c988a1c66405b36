"""`narrow_retrieval`: a query's results are all of one subgenre, narrower than before and than what is relevant."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from mangaassist.core.types import DocId, QueryId
from mangaassist.evaluation.diagnoses.diagnosis import SHOWN_EVIDENCE, Diagnosis, Evidence, Figure
from mangaassist.evaluation.diagnoses.harm import mean_harm
from mangaassist.evaluation.diagnoses.material import Material, System
from mangaassist.evaluation.diagnoses.showing import answer, seen_in, too_small, worst
from mangaassist.evaluation.diagnoses.thresholds import DiagnosisRules

_LIST = 10


def narrow_retrieval(material: Material, rules: DiagnosisRules) -> Diagnosis:
    """Value: diversity that the first ten results lack of the lesser of baseline's and the relevant documents'.

    Diversity of a list: the mean Jaccard distance of its documents' subgenres, two by two. Queries take part that have
    two relevant documents with subgenres. Both differences must be clear of what is tolerated, as both have to hold.
    """
    subgenres, test = material.documents.subgenres, material.test
    implied = {
        query_id: found
        for query_id in sorted(test.qrels)
        if (found := _diversity(test.relevant(query_id), subgenres)) is not None
    }
    diversity = {
        system: {each: _diversity(test.first(system, each, _LIST), subgenres) or 0.0 for each in implied}
        for system in _SYSTEMS
    }
    if len(implied) < rules.fewest_queries:
        because = f"{len(implied)} queries want two titles with subgenres; {rules.fewest_queries} are needed"
        return too_small("narrow_retrieval", rules, because, queries=len(implied))
    under_live = {each: diversity["baseline"][each] - diversity["candidate"][each] for each in implied}
    under_implied = {each: implied[each] - diversity["candidate"][each] for each in implied}
    harms = [mean_harm(under, test.groups) for under in (under_live, under_implied)]
    means = [float(np.mean(list(each.values()))) for each in (*diversity.values(), implied)]
    return answer(
        "narrow_retrieval",
        rules,
        min(harms, key=lambda harm: harm.mean),
        low=min(harm.interval(rules.tail)[0] for harm in harms),
        baseline=min(means[0], means[2]),
        said=(
            f"diversity of the first ten results {means[1]:.3f}, {means[0]:.3f} before; relevant documents have "
            f"{means[2]:.3f}"
        ),
        figures={
            "diversity of first 10": Figure(means[0], means[1], means[2]),
            "subgenre entropy of first 10, bits": _entropies(material, list(implied)),
        },
        evidence=_evidence(material, under_live),
    )


_SYSTEMS: tuple[System, System] = ("baseline", "candidate")


def _diversity(found: Sequence[DocId], subgenres: Mapping[DocId, frozenset[str]]) -> float | None:
    """The mean Jaccard distance, two by two; None of fewer than two documents with subgenres."""
    known = [subgenres[doc_id] for doc_id in found if subgenres.get(doc_id)]
    if len(known) < 2:
        return None
    return float(np.mean([1 - len(one & other) / len(one | other) for one, other in combinations(known, 2)]))


def _entropies(material: Material, queries: Sequence[QueryId]) -> Figure:
    """Of both systems, and of the relevant documents."""
    lists = [[material.test.first(system, each, _LIST) for each in queries] for system in _SYSTEMS]
    lists.append([material.test.relevant(each) for each in queries])
    return Figure(*(float(np.mean([_entropy(each, material) for each in found])) for found in lists))


def _entropy(found: Sequence[DocId], material: Material) -> float:
    """Of the subgenres that the documents of one list have, in bits."""
    counts = Counter(name for doc_id in found for name in material.documents.subgenres.get(doc_id, ()))
    shares = np.array(list(counts.values()), dtype=np.float64) / max(1, counts.total())
    return float(-(shares * np.log2(shares)).sum()) if len(shares) else 0.0


def _evidence(material: Material, narrowed: Mapping[QueryId, float]) -> tuple[Evidence, ...]:
    found = []
    for query_id in worst(narrowed, SHOWN_EVIDENCE):
        subgenres = Counter(
            name
            for doc_id in material.test.first("candidate", query_id, _LIST)
            for name in material.documents.subgenres.get(doc_id, ())
        )
        commonest = min(subgenres, key=lambda name: (-subgenres[name], name), default="nothing")
        said = f"{subgenres[commonest]} of its first ten are {commonest}"
        found.append(seen_in(material.test, material.documents, query_id, said))
    return tuple(found)
