"""A trained classifier in, a versioned folder that explains itself out, and back.

    intents/intents-v01/   weights.safetensors, config.json, README.md, manifest.json: written once, never edited
    intents/live.json      which version is live

No pickle; every file is held to the manifest's digests when it is read.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import safetensors
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from mangaassist.core.errors import ArtifactError, EncoderMismatch
from mangaassist.core.files import canonical_json, check_digests, sha256_bytes, write_atomic, write_folder_once
from mangaassist.core.types import INTENTS
from mangaassist.intents.classifier import IntentClassifier
from mangaassist.intents.training import TrainedIntents

FORMAT_VERSION: Final = 1
TENSORS, CONFIG, CARD, MANIFEST = "weights.safetensors", "config.json", "README.md", "manifest.json"

_LIVE = "live.json"
_NAME = re.compile(r"intents-v(\d{2,})")
_TRAIN = "train again: `mangaassist intents train`"
_REMEDY = f"restore the folder from a backup, or {_TRAIN}"


def intents_files(trained: TrainedIntents, facts: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a version by name; equal arguments give equal bytes. facts: what the manifest says besides."""
    classifier = trained.classifier
    config = {
        "format_version": FORMAT_VERSION,
        "version": classifier.version,
        "encoder_id": classifier.encoder_id,
        "dimension": classifier.weights.shape[1],
        "intents": list(INTENTS),
        "untrained": list(classifier.untrained),
        "temperature": classifier.temperature,
        "route_threshold": classifier.route_threshold,
        "l2": trained.l2,
    }
    files = {
        TENSORS: save_tensors({"weights": classifier.weights, "bias": classifier.bias}),
        CONFIG: canonical_json(config),
        CARD: _card(trained).encode(),
    }
    manifest = {
        **facts,
        "format_version": FORMAT_VERSION,
        "version": classifier.version,
        "encoder_id": classifier.encoder_id,
        "dimension": classifier.weights.shape[1],
        "files": {name: sha256_bytes(content) for name, content in sorted(files.items())},
        "l2": trained.l2,
        "log_losses": {f"{l2:g}": loss for l2, loss in trained.log_losses.items()},
        "cross_validation": trained.cross_validation.as_json(),
    }
    return {**files, MANIFEST: canonical_json(manifest)}


def publish_intents(folder: Path, trained: TrainedIntents, facts: Mapping[str, Any]) -> None:
    """Stores a new version in `folder`, and makes it the live one once it is whole. One writer at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    write_folder_once(folder / trained.classifier.version, intents_files(trained, facts))
    make_intents_live(folder, trained.classifier.version)


def make_intents_live(folder: Path, version: str) -> None:
    """From now on this stored version is the live one."""
    write_atomic(folder / _LIVE, canonical_json({"live": version}))


def load_intents(folder: Path, version: str, *, encoder_id: str) -> IntentClassifier:
    """A stored version, every digest checked.

    Raises ArtifactError naming a missing or changed file, EncoderMismatch if it reads another encoder's vectors.
    """
    manifest = read_intents_manifest(folder, version)
    check_digests(folder / version, manifest["files"], remedy=_REMEDY)
    if manifest["encoder_id"] != encoder_id:
        raise EncoderMismatch(
            f"{version} reads base vectors of the encoder {manifest['encoder_id']!r}, not of {encoder_id!r}; "
            f"use that encoder, or {_TRAIN}"
        )
    config = json.loads((folder / version / CONFIG).read_bytes())
    if config["intents"] != list(INTENTS):
        raise ArtifactError(f"{folder / version} knows the intents {config['intents']}, not {list(INTENTS)}; {_TRAIN}")
    tensors = _tensors(folder / version / TENSORS)
    return IntentClassifier(
        weights=tensors["weights"],
        bias=tensors["bias"],
        temperature=config["temperature"],
        route_threshold=config["route_threshold"],
        encoder_id=config["encoder_id"],
        version=version,
    )


def read_intents_manifest(folder: Path, version: str) -> dict[str, Any]:
    """What a version says of itself; raises ArtifactError if it does not say it readably."""
    path = folder / version / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read: {error}; {_REMEDY}") from error
    if manifest.get("format_version") != FORMAT_VERSION or manifest.get("version") != version:
        raise ArtifactError(
            f"{path} is of {manifest.get('version')!r} in format {manifest.get('format_version')!r}, not of "
            f"{version!r} in format {FORMAT_VERSION}; {_REMEDY}"
        )
    return manifest


def live_intents_version(folder: Path) -> str | None:
    """The version that is live, or None where none was trained yet."""
    path = folder / _LIVE
    if not path.is_file():
        return None
    try:
        return str(json.loads(path.read_bytes())["live"])
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path} cannot be read: {error!r}; {_REMEDY}") from error


def intents_versions(folder: Path) -> tuple[str, ...]:
    """Every stored version, by number."""
    names = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return tuple(sorted((name for name in names if _NAME.fullmatch(name)), key=_number))


def next_intents_version(folder: Path) -> str:
    """The name of the version after the last; of one that was taken away, a tombstone beside it keeps the number."""
    taken = [_number(path.name) for path in folder.iterdir() if _NAME.match(path.name)] if folder.is_dir() else []
    return f"intents-v{max(taken, default=0) + 1:02d}"


def _number(name: str) -> int:
    return int(_NAME.match(name)[1])  # type: ignore[index]


def _tensors(path: Path) -> dict[str, Any]:
    try:
        return dict(load_tensors(path.read_bytes()))
    except safetensors.SafetensorError as error:
        raise ArtifactError(f"{path} is no safetensors file: {error}; {_REMEDY}") from error


def _card(trained: TrainedIntents) -> str:
    classifier, measured = trained.classifier, trained.cross_validation
    never = ", ".join(classifier.untrained) or "none"
    return (
        f"# Intent classifier: {classifier.version}\n\n"
        f"Gives one of {', '.join(INTENTS)} to a {classifier.weights.shape[1]}-d base vector of the frozen encoder "
        f"`{classifier.encoder_id}`, with a calibrated confidence.\n\n"
        f"- Multinomial logistic regression, L2 strength {trained.l2:g}, temperature {classifier.temperature:.3f}\n"
        f"- Never given, for want of examples: {never}\n"
        f"- Titles and articles are searched where it is less certain than {classifier.route_threshold:.3f} that one "
        "of them suffices\n"
        f"- Cross-validated on {measured.messages} messages: accuracy {measured.accuracy:.3f}, macro F1 "
        f"{measured.macro_f1:.3f}, calibration error {measured.calibration_error:.3f}\n\n"
        "Use it only with base vectors of that encoder, before any adapter.\n"
    )
