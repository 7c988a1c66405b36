"""A candidate tried on real traffic: shadow, interleaving and canary in; a report that may be looked at daily out.

start_experiment(workspace, kind, …)      the experiment's file, which running servers follow
LiveExperiments.open(workspace, engine)   a server's part: who answers, what is logged
report_experiment(workspace, name, …)     retained logs → which release is better, and how sure that is
"""

from mangaassist.experiments.confidence import ALPHA, ConfidenceSequence, confidence_sequence
from mangaassist.experiments.definition import KINDS, Experiment, Kind
from mangaassist.experiments.interleaving import Slot, team_draft
from mangaassist.experiments.live_experiments import LiveExperiments
from mangaassist.experiments.overlap import overlap, rank_biased_overlap
from mangaassist.experiments.report import report_experiment
from mangaassist.experiments.starting import (
    experiment_named,
    experiments,
    start_experiment,
    state_of,
    stop_experiment,
    unstopped,
)

__all__ = [
    "ALPHA",
    "KINDS",
    "ConfidenceSequence",
    "Experiment",
    "Kind",
    "LiveExperiments",
    "Slot",
    "confidence_sequence",
    "experiment_named",
    "experiments",
    "overlap",
    "rank_biased_overlap",
    "report_experiment",
    "start_experiment",
    "state_of",
    "stop_experiment",
    "team_draft",
    "unstopped",
]
