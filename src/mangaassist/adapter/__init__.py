"""Examples in, adapter out: the ladder of rungs, how each is fitted, how one is chosen, and what is kept on disk."""

from mangaassist.adapter.artifact import (
    MANIFEST,
    AdapterInfo,
    artifact_files,
    load_artifact,
    read_config,
    read_manifest,
    save_artifact,
)
from mangaassist.adapter.ladder import LADDER, Adapter, Rung, SideMap
from mangaassist.adapter.recipes import FIRST_RUN, Recipe, recipe_as_json, recipes_for
from mangaassist.adapter.selection import Choice, Fold, Trial, choose
from mangaassist.adapter.tuning import TunedLadder, TuningData, corpus_vectors, tune_ladder

__all__ = [
    "FIRST_RUN",
    "LADDER",
    "MANIFEST",
    "Adapter",
    "AdapterInfo",
    "Choice",
    "Fold",
    "Recipe",
    "Rung",
    "SideMap",
    "Trial",
    "TunedLadder",
    "TuningData",
    "artifact_files",
    "choose",
    "corpus_vectors",
    "load_artifact",
    "read_config",
    "read_manifest",
    "recipe_as_json",
    "recipes_for",
    "save_artifact",
    "tune_ladder",
]
