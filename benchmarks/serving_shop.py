"""A number of titles in, a workspace that serves so many out: catalogue, vectors, live release, classifier, index.

The release has what a trained one has, a residual adapter of 512 → 256 → 512 and all five composition weights, with
drawn numbers in it: the time of a forward pass does not depend on them. The classifier learns the sample's queries.
"""

import json
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serving_catalogue import Titles, titles_of
from mangaassist.adapter import AdapterInfo, artifact_files, recipes_for
from mangaassist.adapter.ladder import Adapter, SideMap
from mangaassist.commands.bench import cache_directory
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import Progress, Vectors
from mangaassist.data import Workspace, ingest
from mangaassist.encoders import CachedEncoder, LocalEncoder
from mangaassist.loop import Settings, read_settings, registry_of, train_intent_classifier, update_index
from mangaassist.promotion import IDENTITY, publish
from mangaassist.queries import CompositionWeights
from mangaassist.sample import sample_shop

WEIGHTS = CompositionWeights(reference=2.0, lexical=0.1, reference_facets=0.1, wanted=0.1, rejected=0.1)
MADE = "benchmark.json"
SETTINGS = "[service]\nrequests_per_minute = 600000\nburst = 1000\n"
"""One address sends all of the load, which the default limit is there to refuse."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A workspace to serve. facts: what it took to make it."""

    workspace: Workspace
    facts: dict[str, Any]


class _Known:
    """An encoder of texts whose vectors are known already, and of all others by the real one."""

    def __init__(self, real: LocalEncoder, found: Titles) -> None:
        self.encoder_id, self.dimension, self._real = real.encoder_id, real.dimension, real
        self._rows = {text: row for row, text in enumerate(found.texts)}
        self._vectors = found.vectors

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Base vectors of the texts, (n, dimension)."""
        rows = [
            self._vectors[self._rows[text]] if text in self._rows else self._real.encode([text])[0] for text in texts
        ]
        return np.stack(rows)


def made_shop(folder: Path, count: int, *, seed: int, progress: Progress) -> Shop:
    """The shop in `folder`, made now unless it was finished before."""
    made = folder / MADE
    if made.is_file():
        return Shop(Workspace.open(folder), json.loads(made.read_bytes()))
    real = LocalEncoder()
    found = titles_of(
        count, CachedEncoder(real, cache_directory(Path()), progress=progress), seed=seed, progress=progress
    )
    workspace = Workspace.create(folder)
    write_atomic(folder / "mangaassist.toml", SETTINGS.encode())
    settings = read_settings(folder)
    _take_in(workspace, found, progress)
    CachedEncoder(_Known(real, found), workspace.vectors, progress=progress).encode(found.texts)
    _release(workspace, real, seed=seed)
    train_intent_classifier(workspace, settings, seed=seed, progress=progress)
    facts = {"titles": count, "source": found.source, "seed": seed, **_indexed(workspace, settings, progress)}
    write_atomic(made, canonical_json(facts))
    return Shop(workspace, facts)


def _take_in(workspace: Workspace, found: Titles, progress: Progress) -> None:
    sample, files = sample_shop(), workspace.root / "files"
    files.mkdir()
    for kind, rows in (
        ("titles", found.titles),
        ("articles", sample.articles),
        ("judged_queries", sample.queries),
    ):
        path = files / f"{kind}.jsonl"
        path.write_text("".join(row.model_dump_json() + "\n" for row in rows), encoding="utf-8")
        ingest(workspace, kind, path, progress=progress)  # type: ignore[arg-type]


def _release(workspace: Workspace, encoder: LocalEncoder, *, seed: int) -> None:
    """Publishes the drawn release and makes it live."""
    rng, width = np.random.default_rng(seed), encoder.dimension

    def drawn(*shape: int) -> Vectors:
        return (rng.normal(size=shape) * 0.02).astype(np.float32)

    side = SideMap(
        is_residual=True,
        is_gelu=True,
        down=drawn(width, width // 2),
        down_bias=drawn(width // 2),
        up=drawn(width // 2, width),
        up_bias=drawn(width),
    )
    info = AdapterInfo(encoder.encoder_id, recipes_for("residual")[0], 1, seed, "drawn", weights=WEIGHTS)
    name = publish(workspace.root, artifact_files(Adapter("residual", width, side, side), info))
    registry_of(workspace).promote(
        name, None, expected_live=IDENTITY, data_fingerprint="", actor="benchmark", why="load", override="to be timed"
    )


def _indexed(workspace: Workspace, settings: Settings, progress: Progress) -> dict[str, Any]:
    """Builds the index; says in how many seconds, its size, and the process's highest memory."""
    started = time.perf_counter()
    live = registry_of(workspace).aliases().live
    update = update_index(workspace, settings, live, progress=progress)
    seconds = time.perf_counter() - started
    size = sum(path.stat().st_size for path in (workspace.index / live).rglob("*") if path.is_file())
    return {
        "documents": update.documents,
        "build_s": round(seconds, 2),
        "index_mb": round(size / 1e6, 1),
        "build_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, 1),
    }
