"""Examples in, adapter out: the ladder of rungs, how each is fitted, how one is chosen, and what is kept on disk."""

from mangaassist.adapter.artifact import (
    MANIFEST,
    AdapterInfo,
    artifact_files,
    load_artifact,
    read_composition,
    read_config,
    read_manifest,
    save_artifact,
)
from mangaassist.adapter.ladder import LADDER, Adapter, Rung, SideMap
from mangaassist.adapter.material import TuningData, corpus_vectors
from mangaassist.adapter.onnx_export import onnx_files
from mangaassist.adapter.race import Fold, Trial
from mangaassist.adapter.recipes import FIRST_RUN, Recipe, recipe_as_json, recipes_for
from mangaassist.adapter.selection import CHOICE_RULE, Choice, choose
from mangaassist.adapter.sentence_transformers_export import sentence_transformers_files
from mangaassist.adapter.tuning import TunedLadder, tune_ladder

__all__ = [
    "CHOICE_RULE",
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
    "onnx_files",
    "read_composition",
    "read_config",
    "read_manifest",
    "recipe_as_json",
    "recipes_for",
    "save_artifact",
    "sentence_transformers_files",
    "tune_ladder",
]
