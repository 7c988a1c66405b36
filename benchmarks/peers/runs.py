"""One finished run in, one file out, at once: a killed comparison goes on with what is missing."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.scores import Scores
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import GroupId, QueryId


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A method on a set with a seed. told: CPU seconds and what it chose; fingerprint: of what it hangs on.

    machine: processor, cores and date.  commit: of this repository.
    """

    set_name: str
    split: str
    method: str
    seed: int
    fingerprint: str
    scores: Scores
    groups: Mapping[QueryId, GroupId]
    told: Mapping[str, Any]
    machine: Mapping[str, str | int]
    commit: str


class KeptRuns:
    """The runs in a folder, one JSON file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, set_name: str, split: str, method: str, seed: int) -> Path:
        """Where a run is kept."""
        return self._folder / set_name / split.split(maxsplit=1)[0] / f"{method}-{seed}.json"

    def keep(self, run: KeptRun) -> None:
        """On the disk when this returns."""
        write_atomic(self.path(run.set_name, run.split, run.method, run.seed), canonical_json(asdict(run)))

    def find(self, set_name: str, split: str, method: str, seed: int, *, fingerprint: str) -> KeptRun | None:
        """The run, unless it is missing, ran on other data, or was chosen by another rule."""
        path = self.path(set_name, split, method, seed)
        if not path.is_file():
            return None
        run = KeptRun(**json.loads(path.read_bytes()))
        return run if run.fingerprint == fingerprint else None

    def of_set(self, set_name: str, split: str) -> dict[str, list[KeptRun]]:
        """Every kept run of a set by method, seeds in order."""
        found: dict[str, list[KeptRun]] = {}
        for path in sorted((self._folder / set_name / split.split(maxsplit=1)[0]).glob("*.json")):
            run = KeptRun(**json.loads(path.read_bytes()))
            found.setdefault(run.method, []).append(run)
        return {method: sorted(runs, key=lambda run: run.seed) for method, runs in sorted(found.items())}
