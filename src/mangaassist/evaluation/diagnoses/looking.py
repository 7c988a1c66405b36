"""Everything known of a candidate in, one diagnosis per failure out."""

from collections.abc import Callable, Mapping, Sequence

from mangaassist.evaluation.diagnoses.cold import cold_harm
from mangaassist.evaluation.diagnoses.diagnosis import DIAGNOSES, Diagnosis, DiagnosisName
from mangaassist.evaluation.diagnoses.farms import click_farm
from mangaassist.evaluation.diagnoses.language import language_drift
from mangaassist.evaluation.diagnoses.leaking import metadata_leakage
from mangaassist.evaluation.diagnoses.material import Material
from mangaassist.evaluation.diagnoses.narrow import narrow_retrieval
from mangaassist.evaluation.diagnoses.popularity import popularity_collapse
from mangaassist.evaluation.diagnoses.saturated import saturated_base
from mangaassist.evaluation.diagnoses.synthetic import synthetic_drift
from mangaassist.evaluation.diagnoses.thresholds import DiagnosisRules


def diagnose(
    material: Material, rules: DiagnosisRules, *, seed: int, names: Sequence[DiagnosisName] = DIAGNOSES
) -> tuple[Diagnosis, ...]:
    """The diagnoses of these names, in their order; the same material and seed give the same answers."""
    made: Mapping[DiagnosisName, Callable[[], Diagnosis]] = {
        "popularity_collapse": lambda: popularity_collapse(material, rules),
        "synthetic_drift": lambda: synthetic_drift(material, rules),
        "metadata_leakage": lambda: metadata_leakage(material, rules),
        "narrow_retrieval": lambda: narrow_retrieval(material, rules),
        "cold_harm": lambda: cold_harm(material, rules),
        "language_drift": lambda: language_drift(material, rules),
        "click_farm": lambda: click_farm(material, rules, seed=seed),
        "saturated_base": lambda: saturated_base(material, rules),
    }
    return tuple(made[name]() for name in names)
