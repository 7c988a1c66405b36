"""Everything known of a candidate in, one diagnosis per failure out."""

from mangaassist.evaluation.diagnoses.cold import cold_harm
from mangaassist.evaluation.diagnoses.diagnosis import Diagnosis
from mangaassist.evaluation.diagnoses.farms import click_farm
from mangaassist.evaluation.diagnoses.language import language_drift
from mangaassist.evaluation.diagnoses.leaking import metadata_leakage
from mangaassist.evaluation.diagnoses.material import Material
from mangaassist.evaluation.diagnoses.narrow import narrow_retrieval
from mangaassist.evaluation.diagnoses.popularity import popularity_collapse
from mangaassist.evaluation.diagnoses.saturated import saturated_base
from mangaassist.evaluation.diagnoses.synthetic import synthetic_drift
from mangaassist.evaluation.diagnoses.thresholds import DiagnosisRules


def diagnose(material: Material, rules: DiagnosisRules, *, seed: int) -> tuple[Diagnosis, ...]:
    """The eight diagnoses in the order of `DIAGNOSES`; the same material and seed give the same answers."""
    return (
        popularity_collapse(material, rules),
        synthetic_drift(material, rules),
        metadata_leakage(material, rules),
        narrow_retrieval(material, rules),
        cold_harm(material, rules),
        language_drift(material, rules),
        click_farm(material, rules, seed=seed),
        saturated_base(material, rules),
    )
