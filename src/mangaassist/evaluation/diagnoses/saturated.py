"""`saturated_base`: what is live answers nearly everything already, so tuning can gain nothing and may only harm."""

import math

from scipy import stats

from mangaassist.evaluation.diagnoses.diagnosis import SHOWN_EVIDENCE, Diagnosis, Figure
from mangaassist.evaluation.diagnoses.harm import status_of
from mangaassist.evaluation.diagnoses.material import Material
from mangaassist.evaluation.diagnoses.showing import seen_in, too_small, worst
from mangaassist.evaluation.diagnoses.thresholds import DiagnosisRules
from mangaassist.evaluation.intervals import group_numbers


def saturated_base(material: Material, rules: DiagnosisRules) -> Diagnosis:
    """Value and baseline: recall@3 of what is live; above `saturated_base_tolerated` there is too little to gain.

    So near to 1 a normal interval is too narrow. What is missing is counted as whole misses among as many groups, and
    bounded after Clopper and Pearson 1934.
    """
    scores = material.test.scores("baseline")
    if len(scores) < rules.fewest_queries:
        because = f"{len(scores)} judged queries; {rules.fewest_queries} are needed"
        return too_small("saturated_base", rules, because, queries=len(scores))
    missing = {query_id: 1 - score.recall_at_3 for query_id, score in scores.items()}
    groups, _ = group_numbers(sorted(scores), material.test.groups)
    value = 1 - sum(missing.values()) / len(missing)
    misses = math.ceil(groups * (1 - value) - 1e-9)
    low = 1 - (float(stats.beta.ppf(1 - rules.tail, misses + 1, groups - misses)) if misses < groups else 1.0)
    tolerated, threshold = rules.saturated_base_tolerated, rules.saturated_base
    status = status_of(value, low, tolerated=tolerated, threshold=threshold)
    after = material.test.scores("candidate")
    candidate = sum(score.recall_at_3 for score in after.values()) / len(after)
    return Diagnosis(
        name="saturated_base",
        status=status,
        value=value,
        baseline=value,
        threshold=threshold,
        tolerated=tolerated,
        because=(
            f"what is live reaches recall@3 {value:.3f}: "
            + ("there is nothing to gain, so do not train" if status != "ok" else "there is something to gain")
        ),
        interval=(low, 1.0),
        queries=len(scores),
        groups=groups,
        figures={"recall@3": Figure(value, candidate)},
        evidence=tuple(
            seen_in(material.test, material.documents, query_id, "one of the few that it misses")
            for query_id in worst(missing, SHOWN_EVIDENCE)
        )
        if status != "ok"
        else (),
    )
