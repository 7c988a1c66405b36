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

__all__ = [
    "DIAGNOSES",
    "SHOWN_EVIDENCE",
    "Diagnosis",
    "DiagnosisName",
    "Evidence",
    "Figure",
    "Level",
]
