"""A workspace and its running engine in; out, at any moment, the experiment that runs, its candidate ready to answer.

Whoever answers takes `now` once: a value that never changes. A thread looks at the workspace as the engine's own does.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from mangaassist.core.errors import RetrievalError
from mangaassist.data import Workspace
from mangaassist.experiments.definition import SUFFIX, Experiment
from mangaassist.experiments.starting import State, experiments, state_of, unstopped
from mangaassist.serving import LiveEngine, ServedRelease, where_raised

LOOK_EVERY_S: Final = 0.5
TRY_AGAIN_AFTER_S: Final = 10.0
"""After a candidate could not be opened; it is tried at once where anything has changed."""

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be tried, over which state of the live release's index: a new title must reach both."""

    experiment: Experiment
    index: tuple[int, int] | None


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """An experiment that runs, and its candidate."""

    wanted: Wanted
    candidate: ServedRelease

    @property
    def experiment(self) -> Experiment:
        """What is tried."""
        return self.wanted.experiment


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something that is to be tried is not. wanted: None where nobody can say what it is."""

    wanted: Wanted | None
    problem: str
    at: float


class ExperimentWatch:
    """Holds what is tried now. not_opened: called for every try that failed.  log: a structlog logger."""

    def __init__(
        self,
        workspace: Workspace,
        engine: LiveEngine,
        *,
        log: Any,
        not_opened: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workspace, self._engine, self._log = workspace, engine, log
        self._not_opened, self._clock = not_opened, clock
        self._looking = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._stamp: Stamp | None = None
        self._going: Experiment | None = None
        self._state: State = "stopped"
        self.now: Tried | None = None
        self.trouble: Trouble | None = None

    def start(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look at the workspace from now on, in a thread of its own."""

        def watch() -> None:
            while not self._stopped.wait(every_s):
                self.look()

        self._thread = threading.Thread(target=watch, name="experiments", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and try nothing."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self.now = None

    def look(self) -> None:
        """Try what is to be tried now. Raises nothing: what goes wrong is logged, and then nothing is tried."""
        with self._looking:
            try:
                self._read()
            except RetrievalError as error:
                self._complain(None, error)
                return
            except Exception as error:  # one bad look must not end all later ones
                self._log.error("looking for experiments failed", **where_raised(error))
                return
            self._follow()

    def info(self) -> dict[str, Any] | None:
        """What runs, and why it does not if it should; None where there is nothing to say."""
        trouble, going = self.trouble, self._going
        if going is None and trouble is None:
            return None
        return {
            "name": going and going.name,
            "kind": going and going.kind,
            "candidate": going and going.candidate,
            "share": going and going.share,
            "state": self._state if trouble is None else "failed",
            "is_tried": self.now is not None,
            "problem": trouble and trouble.problem,
        }

    def _read(self) -> None:
        """Which experiment nobody has stopped; reads the files only where one has changed."""
        stamp = _stamp(self._workspace)
        if stamp != self._stamp:
            self._going = unstopped(experiments(self._workspace))
            self._stamp = stamp

    def _follow(self) -> None:
        live = self._engine.edition.seen
        state = "stopped" if self._going is None else state_of(self._going, live.release)
        if state != self._state:
            self._log.info("experiment", name=self._going and self._going.name, state=state, live=live.release)
        self._state = state
        if self._going is None or state != "running":
            self.now = self.trouble = None
            return
        wanted = Wanted(self._going, live.index)
        if (self.now is None or self.now.wanted != wanted) and self._is_due(wanted):
            self._open(wanted)

    def _open(self, wanted: Wanted) -> None:
        started = self._clock()
        try:
            candidate = self._engine.open_beside(wanted.experiment.candidate)
        except RetrievalError as error:
            self._complain(wanted, error)
            return
        except Exception as error:
            self._log.error("opening a candidate failed", **where_raised(error))
            self._complain(wanted, RetrievalError(f"{type(error).__name__}; the log says where"))
            return
        self.now, self.trouble = Tried(wanted, candidate), None
        took_ms = round((self._clock() - started) * 1000, 1)
        about = wanted.experiment
        self._log.info("trying", name=about.name, kind=about.kind, candidate=about.candidate, took_ms=took_ms)

    def _is_due(self, wanted: Wanted) -> bool:
        trouble = self.trouble
        return trouble is None or trouble.wanted != wanted or self._clock() - trouble.at >= TRY_AGAIN_AFTER_S

    def _complain(self, wanted: Wanted | None, error: RetrievalError) -> None:
        before, self.now = self.trouble, None
        self.trouble = Trouble(wanted, str(error), self._clock())
        if before is None or before.problem != str(error):
            self._log.error("an experiment cannot run; live answers alone", problem=str(error))
        if wanted is not None:
            self._not_opened()


def _stamp(workspace: Workspace) -> Stamp:
    """Changes whenever an experiment's file did; a cheap look."""
    try:
        with os.scandir(workspace.experiments) as entries:
            files = [(each.name, each.stat()) for each in entries if each.name.endswith(SUFFIX)]
    except FileNotFoundError:
        return ()
    return tuple(sorted((name, found.st_mtime_ns, found.st_ino) for name, found in files))
