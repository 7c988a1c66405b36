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
    """Value: agreement that the languages of one need lose; agreement is the share of the first ten that they share.

    An alarm also needs that recall@3 in the languages other than the commonest falls: where all of them get better,
    one faster than the other, lists differ and nobody is harmed.
    """
    versions = material.versions
    pairs = _pairs(versions) if versions else {}
    if versions is None or len(pairs) < rules.fewest_queries:
        because = f"{len(pairs)} needs are known in two languages; {rules.fewest_queries} are needed"
        return too_small("language_drift", rules, because, queries=len(pairs))
    agreement = {system: _agreement(versions, pairs, system) for system in _SYSTEMS}
    lost = {need: agreement["baseline"][need] - agreement["candidate"][need] for need in pairs}
    recall = _recall_by_language(versions)
    commonest = _commonest(versions)
    others = [found for language, found in recall.items() if language != commonest]
    others_fall = sum(found[1] - found[0] for found in others) < 0
    harm = mean_harm({QueryId(need): value for need, value in lost.items()}, {})
    means = [float(np.mean(list(agreement[system].values()))) for system in _SYSTEMS]
    return answer(
        "language_drift",
        rules,
        harm,
        low=None if others_fall else min(0.0, rules.tolerated("language_drift")),
        baseline=means[0],
        said=(
            f"versions of one need in two languages share {means[1]:.1%} of their first ten results, {means[0]:.1%} "
            f"before; recall@3 outside {commonest} {'falls' if others_fall else 'does not fall'}"
        ),
        figures={
            "agreement of first 10": Figure(*means),
            **{f"recall@3, {language}": Figure(*found) for language, found in recall.items()},
        },
        evidence=_evidence(material, versions, pairs, lost),
    )


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


def _agreement(
    versions: Probes, pairs: Mapping[GroupId, Sequence[tuple[QueryId, QueryId]]], system: System
) -> dict[GroupId, float]:
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
    pairs: Mapping[GroupId, Sequence[tuple[QueryId, QueryId]]],
    lost: Mapping[GroupId, float],
) -> tuple[Evidence, ...]:
    """Both versions of the needs that drifted furthest apart."""
    found = []
    for need in worst({QueryId(each): value for each, value in lost.items()}, (SHOWN_EVIDENCE + 1) // 2):
        for query_id in pairs[GroupId(need)][0]:
            said = f"{versions.languages[query_id]} version of one need"
            found.append(seen_in(versions, material.documents, query_id, said))
    return tuple(found[: SHOWN_EVIDENCE - 1])
