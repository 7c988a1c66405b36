"""A candidate and whoever times a service in, the gate's latency evidence and the report's section out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mangaassist.core.errors import EncoderError
from mangaassist.core.types import Progress
from mangaassist.data import Workspace
from mangaassist.evaluation import LatencyAddon, ServiceLatency
from mangaassist.loop.contenders import Retriever
from mangaassist.loop.judged import JudgedSplit
from mangaassist.loop.settings import Settings
from mangaassist.promotion import LatencyEvidence

NOBODY = "this evaluation had no service to time"


class TimeService(Protocol):
    """Whoever can open the candidate and the live release as they are served, and time both; see `serving.timing`."""

    def __call__(
        self,
        workspace: Workspace,
        settings: Settings,
        *,
        live: str,
        texts: Sequence[str],
        seed: int,
        progress: Progress,
    ) -> ServiceLatency:
        """What the texts wait for; raises EncoderError where the encoder is away."""


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Why the service was not timed; the adapter step alone always is."""

    addon: LatencyAddon
    because: str


def timed_service(
    workspace: Workspace,
    settings: Settings,
    time_service: TimeService | None,
    *,
    live: str,
    candidate: Retriever,
    split: JudgedSplit,
    seed: int,
    progress: Progress,
) -> ServiceLatency | Unmeasured:
    """What the judged queries wait for; where nobody can tell, the adapter step alone, and why."""
    if time_service is None:
        return Unmeasured(candidate.addon(split, progress), NOBODY)
    texts = [query.text for query in split.queries]
    try:
        return time_service(workspace, settings, live=live, texts=texts, seed=seed, progress=progress)
    except EncoderError as error:
        return Unmeasured(candidate.addon(split, progress), f"the encoder did not answer: {error}")


def latency_evidence(found: ServiceLatency | Unmeasured) -> LatencyEvidence:
    """What the gate's three rules read; what is not measured leaves two of them open."""
    if isinstance(found, Unmeasured):
        return LatencyEvidence(found.addon.p99_ms, serving_exists=True)
    return LatencyEvidence(
        latency_addon_p99_ms=found.addon.p99_ms,
        routing_p99_ms=found.routing.p99_ms,
        response_p99_ms=found.response.p99_ms,
        live_response_p99_ms=found.live_response.p99_ms,
        serving_exists=True,
    )


def latency_json(found: ServiceLatency | Unmeasured) -> dict[str, Any]:
    """The report's section: every percentile, or why there are none."""
    if isinstance(found, Unmeasured):
        addon = {"p50_ms": found.addon.p50_ms, "p99_ms": found.addon.p99_ms}
        return {"addon": addon, "rounds": found.addon.rounds, "unmeasured": found.because}
    return found.as_json()
