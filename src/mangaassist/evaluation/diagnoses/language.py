"""`language_drift`: Japanese, romanised and English versions of one need get different answers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from mangaassist.core.types import GroupId, QueryId
from mangaassist.evaluation.diagnoses.diagnosis import SHOWN_EVIDENCE, Diagnosis, Evidence, Figure
from mangaassist.evaluation.diagnoses.harm import mean_harm
from mangaassist.evaluation.diagnoses.material import Material, Probes, System
from mangaassist.evaluation.diagnoses.showing import answer, seen_in, too_small, worst
from mangaassist.evaluation.diagnoses.thresholds import DiagnosisRules

_LIST = 10
_SYSTEMS: tuple[System, System] = ("baseline", "candidate")


def language_drift(material: Material, rules: DiagnosisRules) -> Diagnosis:
    """Value: recall@3 that needs lose in the languages other than the commonest, baseline − candidate.

    Both that loss and its excess over the commonest language's must be clear of what is tolerated (both have to hold):
    where all languages get better, one faster than the other, nobody is harmed, and where all lose alike it is no
    matter of language.
    """
    versions = material.versions
    pairs = _pairs(versions) if versions else {}
    if versions is None or len(pairs) < rules.fewest_queries:
        because = f"{len(pairs)} needs are known in two languages; {rules.fewest_queries} are needed"
        return too_small("language_drift", rules, because, queries=len(pairs))
    commonest, recall = _commonest(versions), _recall_by_language(versions)
    lost, excess = _losses(versions, pairs, commonest)
    harms = [mean_harm(each, {}) for each in (lost, excess)]
    agreement = [float(np.mean(list(_agreement(versions, pairs, system).values()))) for system in _SYSTEMS]
    others = [float(np.mean([each[number] for name, each in recall.items() if name != commonest])) for number in (0, 1)]
    return answer(
        "language_drift",
        rules,
        harms[0],
        low=harms[1].interval(rules.tail)[0],
        baseline=others[0],
        said=(
            f"one need in other languages than {commonest}: recall@3 {others[1]:.3f}, {others[0]:.3f} before; versions "
            f"share {agreement[1]:.1%} of their first ten results, {agreement[0]:.1%} before"
        ),
        figures={
            "agreement of first 10": Figure(*agreement),
            **{f"recall@3, {language}": Figure(*found) for language, found in recall.items()},
        },
        evidence=_evidence(material, versions, pairs, lost),
    )


Pairs = Mapping[GroupId, Sequence[tuple[QueryId, QueryId]]]


def _losses(versions: Probes, pairs: Pairs, commonest: str) -> tuple[dict[QueryId, float], dict[QueryId, float]]:
    """Need → recall@3 lost in the other languages; and how much more that is than in the commonest one.

    A need without a version in the commonest language counts only in the first; both are keyed by need.
    """
    before, after = (versions.scores(system) for system in _SYSTEMS)
    lost, excess = {}, {}
    for need, crossing in pairs.items():
        asked = sorted({query_id for pair in crossing for query_id in pair if query_id in before})
        loss = {query_id: before[query_id].recall_at_3 - after[query_id].recall_at_3 for query_id in asked}
        own = [loss[query_id] for query_id in asked if versions.languages[query_id] == commonest]
        other = [loss[query_id] for query_id in asked if versions.languages[query_id] != commonest]
        if other:
            lost[QueryId(need)] = float(np.mean(other))
            if own:
                excess[QueryId(need)] = float(np.mean(other) - np.mean(own))
    return lost, excess


def _pairs(versions: Probes) -> dict[GroupId, list[tuple[QueryId, QueryId]]]:
    """Need → its queries two by two, of different languages; needs in one language are left out."""
    of_need: dict[GroupId, list[QueryId]] = {}
    for query_id in sorted(versions.languages):
        if query_id in versions.groups:
            of_need.setdefault(versions.groups[query_id], []).append(query_id)
    crossing = {
        need: [pair for pair in combinations(queries, 2) if versions.languages[pair[0]] != versions.languages[pair[1]]]
        for need, queries in of_need.items()
    }
    return {need: crossing[need] for need in sorted(crossing) if crossing[need]}


def _agreement(versions: Probes, pairs: Pairs, system: System) -> dict[GroupId, float]:
    """Need → the mean share of the first ten results that two of its versions have in common."""
    first = {
        each: set(versions.first(system, each, _LIST)) for found in pairs.values() for pair in found for each in pair
    }
    return {
        need: float(np.mean([len(first[one] & first[other]) / _LIST for one, other in found]))
        for need, found in pairs.items()
    }


def _recall_by_language(versions: Probes) -> dict[str, tuple[float, float]]:
    """Language → mean recall@3 of the baseline and of the candidate."""
    scores = [versions.scores(system) for system in _SYSTEMS]
    found: dict[str, list[tuple[float, float]]] = {}
    for query_id, language in sorted(versions.languages.items()):
        if query_id in scores[0]:
            found.setdefault(language, []).append((scores[0][query_id].recall_at_3, scores[1][query_id].recall_at_3))
    means = {language: np.mean(np.array(each), axis=0) for language, each in sorted(found.items())}
    return {language: (float(mean[0]), float(mean[1])) for language, mean in means.items()}


def _commonest(versions: Probes) -> str:
    counts = Counter(versions.languages.values())
    return min(counts, key=lambda language: (-counts[language], language))


def _evidence(
    material: Material,
    versions: Probes,
    pairs: Pairs,
    lost: Mapping[QueryId, float],
) -> tuple[Evidence, ...]:
    """Both versions of the needs that lose most in their other languages."""
    found = []
    for need in worst(lost, (SHOWN_EVIDENCE + 1) // 2):
        for query_id in pairs[GroupId(need)][0]:
            said = f"{versions.languages[query_id]} version of one need"
            found.append(seen_in(versions, material.documents, query_id, said))
    return tuple(found[: SHOWN_EVIDENCE - 1])
