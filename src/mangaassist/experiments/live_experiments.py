"""A running engine in; out, its answers once experiments have a say in them, and what is counted and logged of that."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from prometheus_client import Counter, Gauge
from prometheus_client.registry import Collector

from mangaassist.data import PrivacyKey, Workspace
from mangaassist.experiments.shadow import SHADOW_LOG, Sent, Shadow
from mangaassist.experiments.trial import ExperimentTrial, unit_of
from mangaassist.experiments.watching import LOOK_EVERY_S, ExperimentWatch
from mangaassist.loop import Settings
from mangaassist.serving import (
    Answer,
    LineSink,
    LiveEngine,
    LogFile,
    RetrieveRequest,
    service_log,
    where_raised,
)


class LiveExperiments:
    """Follows the workspace's experiments on a running engine; a `Listener`. Made by `open`; `close` ends its threads.

    Close it after the service and before the engine.
    """

    def __init__(
        self, workspace: Workspace, engine: LiveEngine, settings: Settings, key: PrivacyKey, sink: LineSink,
        *, log: Any, clock: Callable[[], float],
    ) -> None:  # fmt: skip
        def complain(error: Exception) -> None:
            log.error("experiment trouble", **where_raised(error))

        answered = _counter("experiment_answers", "Answers of an experiment by what was sent, or failed.", "outcome")
        compared = _counter("shadow", "Shadow messages: answered, dropped, skipped, failed.", "outcome")
        not_opened = _counter("experiment_not_opened", "Tries to open a candidate that failed.")
        self._clock, self._engine = clock, engine
        self.watch = ExperimentWatch(workspace, engine, log=log, not_opened=not_opened.inc)
        self.trial = ExperimentTrial(self.watch, answered, complain)
        self.shadow = Shadow(
            engine,
            sink,
            key,
            places=settings.service.shadow_queue,
            counted=compared,
            is_busy=lambda: self.trial.inside > 0,
            complain=complain,
        )
        depth = Gauge("mangaassist_shadow_queue_depth", "Messages that wait for the shadow.", registry=None)
        depth.set_function(lambda: self.shadow.depth)
        self._collectors = (answered, compared, not_opened, depth)

    @classmethod
    def open(
        cls,
        workspace: Workspace,
        engine: LiveEngine,
        settings: Settings,
        *,
        privacy: PrivacyKey,
        log: Any = None,
        clock: Callable[[], float] = time.time,
        look_every_s: float | None = LOOK_EVERY_S,
        sink: LineSink | None = None,
    ) -> Self:
        """Ready: what runs is tried from the first message on. look_every_s: None never looks again by itself."""
        files = sink or LogFile(workspace.logs, SHADOW_LOG, limit=settings.service.log_bytes, clock=clock)
        found = cls(workspace, engine, settings, privacy, files, log=log or service_log(), clock=clock)
        found.watch.look()
        found.shadow.start()
        engine.trial = found.trial
        if look_every_s is not None:
            found.watch.start(look_every_s)
        return found

    @property
    def collectors(self) -> Sequence[Collector]:
        """See `Listener`."""
        return self._collectors

    def sent(self, request: RetrieveRequest, answer: Answer) -> None:
        """See `Listener`: a shadow looks at the message if it is of its share."""
        tried = self.watch.now
        if tried is None or tried.experiment.kind != "shadow" or answer.release != tried.experiment.live:
            return
        if tried.experiment.draws(unit_of(request, answer.query_id)):
            self.shadow.offer(Sent(tried, request, answer, self._clock()))

    def close(self) -> None:
        """Let the live release answer alone, and end."""
        self._engine.trial = None
        self.watch.stop()
        self.shadow.close()


def _counter(name: str, says: str, *labels: str) -> Counter:
    return Counter(f"mangaassist_{name}", says, labels, registry=None)
