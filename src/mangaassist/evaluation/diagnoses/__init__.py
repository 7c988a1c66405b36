"""Runs, judgements and the origin of pairs in, eight diagnoses out: known ways in which tuning goes wrong."""

from mangaassist.evaluation.diagnoses.diagnosis import (
    DIAGNOSES,
    SHOWN_EVIDENCE,
    Diagnosis,
    DiagnosisName,
    Evidence,
    Figure,
    Level,
)
from mangaassist.evaluation.diagnoses.leaking import tag_overlaps
from mangaassist.evaluation.diagnoses.looking import diagnose
from mangaassist.evaluation.diagnoses.material import DocumentFacts, Material, Probes
from mangaassist.evaluation.diagnoses.synthetic import drifting_makers
from mangaassist.evaluation.diagnoses.thresholds import DiagnosisRules

__all__ = [
    "DIAGNOSES",
    "SHOWN_EVIDENCE",
    "Diagnosis",
    "DiagnosisName",
    "DiagnosisRules",
    "DocumentFacts",
    "Evidence",
    "Figure",
    "Level",
    "Material",
    "Probes",
    "diagnose",
    "drifting_makers",
    "tag_overlaps",
]
