"""Documents in, the files of one index build out, and back: memory-mapped, so that all processes share them.

vectors.f32     float32, one row per document, in the order of the ids
doc_ids.json    the ids, sorted
facets.u16      one column of codes per facet
facets.json     what the codes mean
scan.faiss      the compressed vectors; only where there are too many documents to score them all
…               attachments: whatever else the builder said of these documents, such as their shelves
manifest.json   sha256 of each file, encoder id, release, dimension, count, enrichment, catalogue, program version
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from mangaassist.core.errors import ArtifactError, DataError
from mangaassist.core.files import canonical_json, sha256_of, sync_directory, sync_file
from mangaassist.core.types import DocId, Vectors
from mangaassist.retrieval.facets import Facets, encoded
from mangaassist.retrieval.scan import Scan, write_scan
from mangaassist.retrieval.scoring import Mask, Rows, best_of_all, best_of_rows
from mangaassist.retrieval.store import DocumentVectors, Hits, IndexInfo

FORMAT_VERSION = 1
VECTORS, IDS, CODES, MEANINGS, SCAN = "vectors.f32", "doc_ids.json", "facets.u16", "facets.json", "scan.faiss"
MANIFEST = "manifest.json"
_OWN: Final = frozenset({VECTORS, IDS, CODES, MEANINGS, SCAN, MANIFEST})
EXACT_UP_TO = 5_000
"""Documents that are all scored for every query: what reading their vectors takes, other work waits for."""
MEND = "build it anew: `mangaassist index --workspace DIR`"


@dataclass(frozen=True, slots=True)
class Build:
    """One index build, opened: never changes. attachments: by file name, as they were given to `write_build`."""

    name: str
    info: IndexInfo
    doc_ids: Sequence[DocId]
    vectors: Vectors
    facets: Facets
    scan: Scan | None
    attachments: Mapping[str, bytes] = field(default_factory=dict)

    def search(self, queries: Vectors, k: int, allowed: Mask | None) -> list[Hits]:
        """For each query the best `k` documents of those allowed."""
        passing = None if allowed is None else np.flatnonzero(allowed)
        return [self._best(query, k, allowed, passing) for query in queries]

    def _best(self, query: Vectors, k: int, allowed: Mask | None, passing: Rows | None) -> Hits:
        found = None if self.scan is None else self.scan.candidates(query, k, allowed)
        if found is not None:
            return best_of_rows(self.vectors, query, k, self.doc_ids, found)
        if passing is not None and len(passing) * 2 < len(self.vectors):
            return best_of_rows(self.vectors, query, k, self.doc_ids, passing)
        return best_of_all(self.vectors, query, k, self.doc_ids, allowed)


def write_build(
    folder: Path,
    documents: DocumentVectors,
    info: IndexInfo,
    *,
    exact_up_to: int = EXACT_UP_TO,
    attachments: Mapping[str, bytes] | None = None,
) -> None:
    """Write the files into a new `folder`, durably; the same documents in any order give the same bytes.

    attachments: files to keep with the build, by name.  Raises DataError for one named like a file of the build's own.
    """
    attached = attachments or {}
    if taken := sorted(_OWN & attached.keys()):
        raise DataError(f"an attachment cannot be called {taken[0]!r}, as the build has a file of that name; rename it")
    folder.mkdir()
    ordered = documents.in_order()
    vectors = np.ascontiguousarray(ordered.vectors, dtype="<f4")
    facets = encoded(ordered.facets, len(ordered.doc_ids))
    vectors.tofile(folder / VECTORS)
    (folder / IDS).write_text(json.dumps(list(ordered.doc_ids), indent=0), encoding="utf-8")
    facets.codes.astype("<u2").tofile(folder / CODES)
    (folder / MEANINGS).write_text(json.dumps(facets.values), encoding="utf-8")
    for name, content in attached.items():
        (folder / name).write_bytes(content)
    if len(vectors) > exact_up_to:
        write_scan(vectors, folder / SCAN)
    manifest = {
        **asdict(info),
        "format_version": FORMAT_VERSION,
        "files": {path.name: sha256_of(path) for path in folder.iterdir()},
        "count": len(vectors),
        "program": version("mangaassist"),
    }
    (folder / MANIFEST).write_bytes(canonical_json(manifest))
    for path in folder.iterdir():
        sync_file(path)
    sync_directory(folder)


def read_build(folder: Path) -> Build:
    """The build in `folder`, every file held to the manifest.

    Raises FileNotFoundError where there is no such folder, ArtifactError naming a file that is missing or was changed.
    """
    manifest = _manifest(folder)
    for name, digest in manifest["files"].items():
        if sha256_of(folder / name) != digest:
            raise ArtifactError(f"{folder / name} was changed since it was written (its sha256 differs); {MEND}")
    info = IndexInfo(**{name: manifest[name] for name in IndexInfo.__dataclass_fields__})
    count = manifest["count"]
    vectors = _mapped(folder / VECTORS, "<f4", (count, info.dimension))
    meanings = json.loads((folder / MEANINGS).read_bytes())
    values = {name: tuple(listed) for name, listed in meanings.items()}
    facets = Facets(values, _mapped(folder / CODES, "<u2", (len(values), count)))
    scan = Scan(folder / SCAN, vectors) if SCAN in manifest["files"] else None
    attached = {name: (folder / name).read_bytes() for name in sorted(manifest["files"].keys() - _OWN)}
    return Build(folder.name, info, json.loads((folder / IDS).read_bytes()), vectors, facets, scan, attached)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    except ValueError as error:
        raise ArtifactError(f"{folder / MANIFEST} cannot be read: {error}; {MEND}") from error
    written = manifest.get("format_version")
    if written != FORMAT_VERSION:
        raise ArtifactError(f"{folder} has format version {written!r}, this program reads {FORMAT_VERSION}; {MEND}")
    return manifest


def _mapped(path: Path, dtype: str, shape: tuple[int, int]) -> Any:
    """The file as a read-only array without copying it; nothing can be mapped where nothing is."""
    if 0 in shape:
        return np.empty(shape, dtype=dtype)
    return np.asarray(np.memmap(path, dtype=dtype, mode="r", shape=shape))
