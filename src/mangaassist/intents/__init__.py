"""Base vectors in, intents and routes out. Knows no adapter, so that no adapter can change what is searched.

messages with an intent ─► train_intents ─► IntentClassifier ─► publish_intents ─► intents/intents-v01/
base vector ─► IntentClassifier.routes ─► Route: intent, confidence, and titles, articles or both to search
"""

from mangaassist.intents.classifier import IntentClassifier
from mangaassist.intents.examples import IntentExample, kinds_needed, other_messages
from mangaassist.intents.figures import IntentFigures, Routing, calibration_error, figures
from mangaassist.intents.routing import Route, finds, kinds_to_search, likelier_kind, smallest_threshold
from mangaassist.intents.store import (
    intents_files,
    intents_versions,
    live_intents_version,
    load_intents,
    make_intents_live,
    next_intents_version,
    publish_intents,
    read_intents_manifest,
)
from mangaassist.intents.training import TrainedIntents, fold_numbers, train_intents

__all__ = [
    "IntentClassifier",
    "IntentExample",
    "IntentFigures",
    "Route",
    "Routing",
    "TrainedIntents",
    "calibration_error",
    "figures",
    "finds",
    "fold_numbers",
    "intents_files",
    "intents_versions",
    "kinds_needed",
    "kinds_to_search",
    "likelier_kind",
    "live_intents_version",
    "load_intents",
    "make_intents_live",
    "next_intents_version",
    "other_messages",
    "publish_intents",
    "read_intents_manifest",
    "smallest_threshold",
    "train_intents",
]
