"""A workspace in, its experiments out, and one of them begun or ended; at most one runs at a time.

Stopping needs no lock of the workspace: an operator must not have to wait for a training.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from mangaassist.core.errors import DataError
from mangaassist.data import Workspace
from mangaassist.experiments.definition import SUFFIX, Experiment, Kind, read_experiment, write_experiment
from mangaassist.loop import registry_of
from mangaassist.promotion import verify

LOCK: Final = ".lock"

State = Literal["running", "resting", "over", "stopped"]


def experiments(workspace: Workspace) -> list[Experiment]:
    """Every experiment, the first started first. Raises DataError for a file that is none."""
    found = [read_experiment(path) for path in sorted(workspace.experiments.glob(f"*{SUFFIX}"))]
    return sorted(found, key=lambda each: (each.started_at, each.name))


def experiment_named(workspace: Workspace, name: str | None) -> Experiment:
    """The experiment of this name; the latest where none is said. Raises DataError where there is none."""
    found = experiments(workspace)
    chosen = found[-1:] if name is None else [each for each in found if each.name == name]
    if not chosen:
        there = ", ".join(each.name for each in found) or "none yet"
        wanted = "no experiment" if name is None else f"no experiment {name!r}"
        raise DataError(f"{workspace.root} has {wanted} (there are: {there}); see `mangaassist experiment start`")
    return chosen[0]


def unstopped(found: list[Experiment]) -> Experiment | None:
    """The experiment that nobody has ended. Raises DataError if there are several, which only hands can make."""
    going = [each for each in found if not each.is_stopped]
    if len(going) > 1:
        names = " and ".join(each.name for each in going)
        raise DataError(f"{names} both run; stop all but one: `mangaassist experiment stop --name NAME`")
    return going[0] if going else None


def state_of(experiment: Experiment, live: str) -> State:
    """What becomes of it while this release is live: `over` once its candidate is live, `resting` beside any other."""
    if experiment.is_stopped:
        return "stopped"
    if live == experiment.candidate:
        return "over"
    return "running" if live == experiment.live else "resting"


def start_experiment(
    workspace: Workspace,
    kind: Kind,
    *,
    candidate: str,
    share: float,
    seed: int,
    name: str | None,
    at: datetime,
    actor: str,
    why: str,
) -> Experiment:
    """The experiment, which running servers take up within two seconds. candidate: an intact release's name.

    Raises DataError if one runs already, if the name was used, or for a candidate that is live.
    """
    live = registry_of(workspace).aliases().live
    verify(workspace.root, candidate)
    with _alone(workspace) as folder:
        found = experiments(workspace)
        going = unstopped(found)
        if going is not None:
            raise DataError(f"{going.name} has not been stopped; stop it first: `mangaassist experiment stop`")
        used = {each.name for each in found}
        name = name or next(each for number in range(1, 10**6) if (each := f"{kind}-{number:02d}") not in used)
        if name in used:
            raise DataError(f"there was an experiment {name!r} already, and its log bears the name; choose another")
        experiment = _checked(
            name=name, kind=kind, live=live, candidate=candidate, share=share, seed=seed, started_at=at, actor=actor,
            why=why,
        )  # fmt: skip
        write_experiment(folder, experiment)
    return experiment


def stop_experiment(workspace: Workspace, *, name: str | None, at: datetime, actor: str, why: str) -> Experiment:
    """The experiment, ended: the one that runs, or the one named. Raises DataError if there is none to end."""
    if not (actor.strip() and why.strip()):
        raise DataError(f"actor is {actor!r}, why {why!r}; say who stops it and for what reason: it is kept")
    with _alone(workspace) as folder:
        experiment = experiment_named(workspace, name) if name is not None else unstopped(experiments(workspace))
        if experiment is None or experiment.is_stopped:
            which = "no experiment runs" if experiment is None else f"{experiment.name} was stopped already"
            raise DataError(f"{which}; see `mangaassist experiment status`")
        ended = {"stopped_at": max(at, experiment.started_at), "stopped_by": actor, "stopped_why": why}
        experiment = experiment.model_copy(update=ended)
        write_experiment(folder, experiment)
    return experiment


def _checked(**values: object) -> Experiment:
    try:
        return Experiment.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise DataError(f"{field}: {first['msg']}" if field else first["msg"]) from error


@contextmanager
def _alone(workspace: Workspace) -> Iterator[Path]:
    """Wait for whoever starts or stops one just now; the lock ends with its process."""
    folder = workspace.experiments
    with workspace.writing(folder):
        folder.mkdir(exist_ok=True)
        lock = (folder / LOCK).open("w")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
