"""A workspace in, the live release out, whatever is promoted, rolled back or indexed meanwhile.

Whoever answers takes `now` once: a value that never changes. A thread looks at the workspace, builds the next value
beside the present one, and swaps one reference.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from mangaassist.core.errors import RetrievalError
from mangaassist.core.types import no_progress
from mangaassist.data import Workspace
from mangaassist.encoders import CachedEncoder
from mangaassist.intents import IntentClassifier, live_intents_version
from mangaassist.loop import Settings, index_folder, index_stamp, live_intents, registry_of, update_index
from mangaassist.serving.lasting_memory import lasting, no_longer_lasting
from mangaassist.serving.served_release import ServedRelease, open_release
from mangaassist.serving.structured_logs import where_raised

LOOK_EVERY_S: Final = 0.5
TRY_AGAIN_AFTER_S: Final = 10.0
"""After a release could not be opened; it is tried at once where anything has changed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a workspace said is to be served, at one look."""

    release: str
    index: tuple[int, int] | None
    intents: str | None


@dataclass(frozen=True, slots=True)
class Edition:
    """What is served, and what had been seen when it was made."""

    seen: Seen
    served: ServedRelease
    classifier: IntentClassifier | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something that was seen is not served."""

    seen: Seen
    problem: str
    at: float


class LiveRelease:
    """Holds the present edition. Raises what opening the live release raises; later trouble keeps the old one.

    log: a structlog logger.  clock: seconds, for when to try again.
    """

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        encoder: CachedEncoder,
        *,
        log: Any,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workspace, self._settings, self._log, self._clock = workspace, settings, log, clock
        self._encoder = encoder
        self._registry = registry_of(workspace)
        self._looking = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self.trouble: Trouble | None = None
        self.now = self._opened(self._seen(self._registry.aliases().live))

    def start(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look at the workspace from now on, in a thread of its own."""

        def watch() -> None:
            while not self._stopped.wait(every_s):
                try:
                    self.look()
                except Exception as error:  # one bad look must not end all later ones
                    self._log.error("looking for the live release failed", **where_raised(error))

        self._thread = threading.Thread(target=watch, name="releases", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        no_longer_lasting()

    def open_beside(self, release: str) -> ServedRelease:
        """See `LiveEngine`."""
        update_index(self._workspace, self._settings, release, progress=no_progress)
        return open_release(self._workspace, self._settings, release, self._encoder)

    def look(self) -> bool:
        """Serve what is live now; says whether that is another edition than before. Never raises our own errors."""
        with self._looking:
            try:
                seen = self._seen(self._registry.aliases().live)
            except RetrievalError as error:
                self._complain(self.now.seen, error)
                return False
            if seen == self.now.seen or self._is_indexing(seen):
                self.trouble = None
                return False
            if self.trouble is not None and self.trouble.seen == seen and not self._is_due(self.trouble):
                return False
            return self._switched(seen)

    def _switched(self, seen: Seen) -> bool:
        started = self._clock()
        try:
            edition = self._opened(seen)
        except RetrievalError as error:
            self._complain(seen, error)
            return False
        before, self.now, self.trouble = self.now, edition, None
        took_ms = round((self._clock() - started) * 1000, 1)
        self._log.info("serving", release=seen.release, before=before.seen.release, took_ms=took_ms)
        return True

    def _is_indexing(self, seen: Seen) -> bool:
        """Whether the index of what is served is being changed just now: it is whole again in a moment."""
        return seen.index is None and seen.release == self.now.seen.release and seen.intents == self.now.seen.intents

    def _is_due(self, trouble: Trouble) -> bool:
        return self._clock() - trouble.at >= TRY_AGAIN_AFTER_S

    def _complain(self, seen: Seen, error: RetrievalError) -> None:
        if self.trouble is None or self.trouble.seen != seen:
            self._log.error(
                "cannot serve what is live; the release before it stays", release=seen.release, problem=str(error)
            )
        self.trouble = Trouble(seen, str(error), self._clock())

    def _seen(self, live: str) -> Seen:
        """Looked at before anything is opened, so that a later change is noticed."""
        return Seen(
            live, index_stamp(index_folder(self._workspace, live)), live_intents_version(self._workspace.intents)
        )

    def _opened(self, seen: Seen) -> Edition:
        """A whole new edition; makes the index of a release that has none."""
        if seen.index is None:
            update_index(self._workspace, self._settings, seen.release, progress=no_progress)
            seen = self._seen(seen.release)
        with lasting():
            served = open_release(self._workspace, self._settings, seen.release, self._encoder)
            return Edition(seen, served, live_intents(self._workspace, encoder_id=self._encoder.encoder_id))
