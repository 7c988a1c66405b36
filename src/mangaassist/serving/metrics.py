"""What happens in the service in, Prometheus' text out: one registry per app."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.registry import Collector

BUCKETS_MS: Final = (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 7.5, 10, 15, 25)
PREFIX: Final = "mangaassist"


class Metrics:
    """Counters and histograms of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = self._counter("requests", "Requests by route and status.", "route", "status")
        self.degraded = self._counter("degraded_answers", "Answers that left something out.")
        self.events = self._counter("events", "Events: accepted, repeated, rejected, not_stored.", "outcome")
        self.written = self._counter("telemetry_written", "Log lines written.", "log")
        self.dropped = self._counter("telemetry_dropped", "Log lines dropped: queue or disk full.", "log")
        self.hits = self._counter("hits", "Served queries settled: hit, miss, unseen.", "outcome")
        self.stages = Histogram(
            f"{PREFIX}_stage_latency_ms",
            "Milliseconds of an answer by stage; `total` is server time without HTTP, `http` the whole request.",
            ["stage"],
            buckets=BUCKETS_MS,
            registry=self.registry,
        )
        self._depths = Gauge(f"{PREFIX}_queue_depth", "What waits in each queue.", ["queue"], registry=self.registry)

    def watch_depth(self, queue: str, depth: Callable[[], float]) -> None:
        """Read the depth of a queue whenever metrics are asked for."""
        self._depths.labels(queue).set_function(depth)

    def add(self, collectors: Sequence[Collector]) -> None:
        """Show what others count, too."""
        for collector in collectors:
            self.registry.register(collector)

    def observe_stages(self, stages_ms: Mapping[str, float]) -> None:
        """Count the milliseconds of each stage."""
        for stage, milliseconds in stages_ms.items():
            self.stages.labels(stage).observe(milliseconds)

    def count_hits(self, hits: int, misses: int, unseen: int) -> None:
        """Count served queries by what became of them."""
        for outcome, count in (("hit", hits), ("miss", misses), ("unseen", unseen)):
            self.hits.labels(outcome).inc(count)

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", says, labels, registry=self.registry)
