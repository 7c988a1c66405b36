"""`synthetic_drift`: the candidate learns to answer texts that a generator wrote, and not what shoppers type."""

from collections.abc import Mapping

import numpy as np

from mangaassist.core.types import QueryId
from mangaassist.evaluation.diagnoses.diagnosis import SHOWN_EVIDENCE, Diagnosis, Evidence, Figure
from mangaassist.evaluation.diagnoses.harm import mean_harm
from mangaassist.evaluation.diagnoses.material import Material, Probes
from mangaassist.evaluation.diagnoses.showing import answer, seen_in, too_small, worst
from mangaassist.evaluation.diagnoses.thresholds import DiagnosisRules


def synthetic_drift(material: Material, rules: DiagnosisRules) -> Diagnosis:
    """Value: how much wider the gap in recall@3 between synthetic and real queries is than the baseline's.

    Real ones are judged queries that training knows, so what fitting its own examples gives a candidate is in both
    kinds and cancels out; where there are too few of them, the test queries. Never clicks: a log speaks for the ranking
    that it was made with.
    """
    written, typed = material.synthetic, material.practised or material.test
    typed = typed if len(typed.qrels) >= rules.fewest_queries else material.test
    counts = [len(each.qrels) if each else 0 for each in (written, typed)]
    if written is None or min(counts) < rules.fewest_queries:
        because = (
            f"{counts[0]} synthetic queries train and {counts[1]} real ones are judged; {rules.fewest_queries} of each "
            "are needed"
        )
        return too_small("synthetic_drift", rules, because, queries=min(counts))
    gained = {"synthetic": _gains(written), "real": _gains(typed)}
    harm = mean_harm(gained["synthetic"], written.groups).minus(mean_harm(gained["real"], typed.groups))
    recall = {name: _recalls(each) for name, each in (("synthetic", written), ("real", typed))}
    gap = [recall["synthetic"][number] - recall["real"][number] for number in (0, 1)]
    makers = _by_maker(written, gained["synthetic"])
    figures = {f"{name} recall@3": Figure(*found) for name, found in recall.items()}
    figures["test recall@3"] = Figure(*_recalls(material.test))
    figures |= {f"gain on {maker}": Figure(0.0, gain) for maker, gain in makers.items()}
    return answer(
        "synthetic_drift",
        rules,
        harm,
        baseline=gap[0],
        said=f"synthetic queries are {gap[1]:+.3f} recall@3 ahead of real ones, {gap[0]:+.3f} before",
        figures=figures,
        evidence=_evidence(material, written, typed, gained, makers),
    )


def drifting_makers(gains: Mapping[str, float], real_gain: float, tolerated: float) -> tuple[str, ...]:
    """The generators whose queries gain more than real ones by more than is tolerated: what the fix drops."""
    return tuple(sorted(maker for maker, gain in gains.items() if gain - real_gain > tolerated))


def _gains(probes: Probes) -> dict[QueryId, float]:
    before, after = probes.scores("baseline"), probes.scores("candidate")
    return {query_id: after[query_id].recall_at_3 - before[query_id].recall_at_3 for query_id in before}


def _recalls(probes: Probes) -> tuple[float, float]:
    before, after = (
        float(np.mean([score.recall_at_3 for score in probes.scores(system).values()]))
        for system in ("baseline", "candidate")
    )
    return before, after


def _by_maker(written: Probes, gains: Mapping[QueryId, float]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for query_id, maker in sorted(written.makers.items()):
        if query_id in gains:
            found.setdefault(maker, []).append(gains[query_id])
    return {maker: float(np.mean(each)) for maker, each in sorted(found.items())}


def _evidence(
    material: Material,
    written: Probes,
    typed: Probes,
    gained: Mapping[str, Mapping[QueryId, float]],
    makers: Mapping[str, float],
) -> tuple[Evidence, ...]:
    """The generators that gain most, then texts that gained, then real ones that lost."""
    said = [
        Evidence(f"texts of the generator “{maker}” gain {makers[maker]:+.3f} recall@3")
        for maker in sorted(makers, key=lambda maker: (-makers[maker], maker))[:2]
    ]
    lost = {query_id: -gain for query_id, gain in gained["real"].items()}
    said += [
        seen_in(typed, material.documents, query_id, "a shopper's words lose")
        for query_id in worst(lost, SHOWN_EVIDENCE - len(said) - 1)
    ]
    said += [
        seen_in(written, material.documents, query_id, "a generator's words gain")
        for query_id in worst(gained["synthetic"], SHOWN_EVIDENCE - len(said))
    ]
    return tuple(said)
