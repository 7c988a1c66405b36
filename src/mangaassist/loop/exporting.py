"""A release or the candidate in, a folder in another tool's format out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from mangaassist.adapter import Adapter, load_artifact, onnx_files, read_manifest, sentence_transformers_files
from mangaassist.core.errors import ExportError
from mangaassist.core.files import write_new_folder
from mangaassist.core.types import Progress
from mangaassist.data import Workspace
from mangaassist.loop.candidate import candidate_folder, read_tuning
from mangaassist.loop.catalogue import workspace_encoder
from mangaassist.loop.deciding import registry_of
from mangaassist.loop.settings import Settings
from mangaassist.promotion import IDENTITY, digests_of, verify

ExportFormat = Literal["onnx", "sentence-transformers"]

_FILES: Mapping[ExportFormat, Callable[..., dict[str, bytes]]] = {
    "onnx": onnx_files,
    "sentence-transformers": sentence_transformers_files,
}


def export_adapter(
    workspace: Workspace,
    settings: Settings,
    *,
    release: str,
    export_format: ExportFormat,
    folder: Path,
    progress: Progress,
) -> dict[str, Any]:
    """What was exported, with the sha256 of each file; `folder` is new or was empty, and is whole once it is there.

    release: a release's name, `live`, or `candidate` for the one in the making; its files are held to their digests.
    Raises ExportError for a folder that is not free and for a map that the format cannot hold.
    """
    _check_free(folder)
    name = registry_of(workspace).aliases().live if release == "live" else release
    adapter, encoder_id = _verified(workspace, settings, name, progress)
    files = _FILES[export_format](adapter, release=name, encoder_id=encoder_id)
    write_new_folder(folder.resolve(), files)
    return {
        "release": name,
        "rung": adapter.rung,
        "encoder": encoder_id,
        "dimension": adapter.dimension,
        "format": export_format,
        "folder": str(folder),
        "files": digests_of(files),
    }


def _verified(workspace: Workspace, settings: Settings, name: str, progress: Progress) -> tuple[Adapter, str]:
    """The adapter and its encoder's id; the identity release has no files and fits the encoder of the settings."""
    if name == "candidate":
        folder = candidate_folder(workspace) / read_tuning(workspace)["chosen"]
    else:
        verify(workspace.root, name)
        folder = workspace.releases / name
    if name == IDENTITY:
        encoder = workspace_encoder(workspace, settings, progress)
        return Adapter("identity", encoder.dimension), encoder.encoder_id
    return load_artifact(folder), str(read_manifest(folder)["encoder_id"])


def _check_free(folder: Path) -> None:
    """Raise ExportError unless the folder is absent, or empty and not where the command stands."""
    if folder.is_dir() and folder.resolve() == Path.cwd():
        raise ExportError(f"{folder} is the present folder, and the export is renamed into place; name a new one")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = "holds files already" if folder.is_dir() else "is a file"
        raise ExportError(f"{folder} {what}; name a new folder, or clear that one away first")
