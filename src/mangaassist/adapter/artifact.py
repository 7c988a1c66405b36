"""An adapter in, a folder that explains itself out, and back: safetensors, config, model card, manifest. No pickle.

adapter.safetensors   the tensors
config.json           rung, recipe, encoder id and dimension, rounds, seed, how documents become texts
README.md             the model card
manifest.json         sha256 of each file, encoder id and dimension, data fingerprint, parent, report
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import safetensors
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from mangaassist.adapter.known_moves import FEWEST_QUERIES
from mangaassist.adapter.ladder import LADDER, Adapter, adapter_from_tensors
from mangaassist.adapter.recipes import Recipe, recipe_as_json
from mangaassist.core.errors import ArtifactError, EncoderMismatch
from mangaassist.core.files import canonical_json, check_digests, sha256_bytes, write_atomic
from mangaassist.queries import PLAIN, CompositionWeights, Lexicon, lexicon_of

FORMAT_VERSION = 1
TENSORS, CONFIG, CARD, MANIFEST = "adapter.safetensors", "config.json", "README.md", "manifest.json"
COMPOSITION = "composition.json"
_OWN = frozenset({TENSORS, CONFIG, COMPOSITION, CARD})


@dataclass(frozen=True, slots=True)
class AdapterInfo:
    """What an artefact says of itself besides its tensors.

    data_fingerprint: digest of the pairs and corpus it was trained on.  parent: the release it was compared with.
    report: the report's numbers, as JSON.  documents: how the documents it was trained on were made texts; empty where
    the data say all of it.  weights, lexicon: of query composition.
    """

    encoder_id: str
    recipe: Recipe
    rounds: int
    seed: int
    data_fingerprint: str
    parent: str | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    weights: CompositionWeights = PLAIN
    lexicon: Lexicon = field(default_factory=Lexicon)


def artifact_files(adapter: Adapter, info: AdapterInfo) -> dict[str, bytes]:
    """The files of the artefact by name; the same adapter and info give the same bytes."""
    config = {
        "format_version": FORMAT_VERSION,
        "rung": adapter.rung,
        "dimension": adapter.dimension,
        "encoder_id": info.encoder_id,
        "recipe": recipe_as_json(info.recipe),
        "rounds": info.rounds,
        "seed": info.seed,
        "documents": dict(info.documents),
        "scripts": None if adapter.scripts is None else sorted(adapter.scripts),
        "known_moves": None if adapter.moves is None else {"share": adapter.moves.share, "texts": len(adapter.moves)},
    }
    files = {
        TENSORS: save_tensors(adapter.tensors(), metadata={"rung": adapter.rung}),
        CONFIG: canonical_json(config),
        COMPOSITION: canonical_json({"weights": asdict(info.weights), "lexicon": info.lexicon.as_json()}),
        CARD: _model_card(adapter, info).encode(),
    }
    manifest = {
        "format_version": FORMAT_VERSION,
        "files": {name: sha256_bytes(content) for name, content in sorted(files.items())},
        "encoder_id": info.encoder_id,
        "dimension": adapter.dimension,
        "data_fingerprint": info.data_fingerprint,
        "parent": info.parent,
        "report": dict(info.report),
    }
    return {**files, MANIFEST: canonical_json(manifest)}


def save_artifact(folder: Path, adapter: Adapter, info: AdapterInfo) -> None:
    """Writes the artefact's files into `folder`; the manifest comes last, so a folder without one is unfinished."""
    (folder / MANIFEST).unlink(missing_ok=True)
    for name, content in artifact_files(adapter, info).items():
        write_atomic(folder / name, content)


def load_artifact(folder: Path, *, encoder_id: str | None = None) -> Adapter:
    """The adapter of an artefact folder, every digest checked.

    Raises ArtifactError naming a missing or changed file, EncoderMismatch if it is for another encoder.
    """
    manifest, config = read_manifest(folder), read_config(folder)
    if encoder_id is not None and manifest["encoder_id"] != encoder_id:
        raise EncoderMismatch(
            f"the adapter in {folder} belongs to the encoder {manifest['encoder_id']!r}, not {encoder_id!r}; "
            "use that encoder, or train an adapter for this one"
        )
    if config["rung"] not in LADDER:
        raise ArtifactError(f"{folder / CONFIG} names the rung {config['rung']!r}; it was written by a newer version")
    adapter = adapter_from_tensors(config["rung"], config["dimension"], _tensors(folder / TENSORS))
    scripts = config.get("scripts")  # not told before 2026-11-27
    return adapter if scripts is None else replace(adapter, scripts=frozenset(scripts))


def read_config(folder: Path) -> dict[str, Any]:
    """The config of an artefact folder, every digest checked; raises ArtifactError as `load_artifact` does.

    What else a manifest names is a release's papers: `promotion.verify` holds them, and knows which were erased.
    """
    listed = read_manifest(folder)["files"]
    own = {name: digest for name, digest in listed.items() if name in _OWN}
    check_digests(folder, own, remedy="restore the folder from a backup, or train again")
    config: dict[str, Any] = json.loads((folder / CONFIG).read_bytes())
    return config


def read_composition(folder: Path) -> tuple[CompositionWeights, Lexicon]:
    """How an artefact's queries are composed, every digest checked; one from before composition leaves them plain.

    Raises ArtifactError as `load_artifact` does, and for weights that this program does not know.
    """
    read_config(folder)
    path = folder / COMPOSITION
    if not path.is_file():
        return PLAIN, Lexicon()
    told = json.loads(path.read_bytes())
    try:
        weights = CompositionWeights(**told["weights"])
    except TypeError as error:
        raise ArtifactError(f"{path} names weights that are not known here: {error}; use a newer version") from error
    stored = told["lexicon"]
    return weights, lexicon_of(stored if "facets" in stored else {"facets": stored})  # before 2026-11-27: phrases alone


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an artefact folder; raises ArtifactError if there is none that can be read."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{folder} holds no readable {MANIFEST}: {error}; is it an adapter folder?") from error
    if manifest.get("format_version") != FORMAT_VERSION:
        raise ArtifactError(
            f"{folder} has format version {manifest.get('format_version')!r}, this program reads {FORMAT_VERSION}; "
            "use the version of the program that wrote it"
        )
    return manifest


def _tensors(path: Path) -> dict[str, Any]:
    try:
        return dict(load_tensors(path.read_bytes()))
    except safetensors.SafetensorError as error:
        raise ArtifactError(f"{path} is no safetensors file: {error}") from error


def _model_card(adapter: Adapter, info: AdapterInfo) -> str:
    tied = "one map for queries and documents" if adapter.is_tied else "a map per side"
    size = sum(tensor.size for tensor in replace(adapter, moves=None).tensors().values())
    recipe = ", ".join(f"{name} {value}" for name, value in recipe_as_json(info.recipe).items() if name != "rung")
    return (
        f"# Retrieval adapter: {adapter.rung}\n\n"
        f"Maps {adapter.dimension}-d vectors of the frozen encoder `{info.encoder_id}` to vectors of the same length; "
        f"{tied}, {size:,} numbers.\n\n"
        f"- Trained with: {recipe or 'nothing to fit'}; rounds {info.rounds}, seed {info.seed}\n"
        f"{_told_moves(adapter)}"
        f"- Data fingerprint: `{info.data_fingerprint}`\n{_told_texts(info.documents)}\n"
        "Use it only with vectors of that encoder. Once it was evaluated, its numbers on held-out queries, and the "
        "release it was compared with, stand in `manifest.json` under `report` and `parent`.\n"
    )


def _told_moves(adapter: Adapter) -> str:
    """What is moved one by one, as a line of the card; nothing where the map does it all."""
    if adapter.moves is None:
        return ""
    return (
        f"- Known documents: {len(adapter.moves):,} texts go {adapter.moves.share} of the way to the mean of "
        f"their queries ({FEWEST_QUERIES} or more each). They are known by base vectors: a text written anew stays\n"
    )


def _told_texts(documents: Mapping[str, str]) -> str:
    """How documents must be encoded, as a line of the card; nothing where nobody said."""
    told = ", ".join(f"{name} `{value}`" for name, value in documents.items())
    return f"- Documents are encoded with {told}\n" if told else ""
