"""A message in, its answer out: the live release's, the candidate's (canary), or both interleaved; with what to log.

Whatever the candidate does wrong, the live release's answer is sent and the failure counted.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from prometheus_client import Counter

from mangaassist.core.types import DocId
from mangaassist.experiments.interleaving import team_draft
from mangaassist.experiments.watching import ExperimentWatch, Tried
from mangaassist.serving import Answer, AnsweredBy, RetrieveRequest, ServedRelease


def unit_of(request: RetrieveRequest, query_id: str) -> str:
    """What stays in one arm: the session; of a caller that names none the client, else the query."""
    return request.session_id or request.client_id or query_id


class ExperimentTrial:
    """Lets the candidate of the running experiment answer its share; the engine asks it for every answer.

    answered: counts by what was sent (`live`, `candidate`, `interleaved`, `failed`).  complain: told of failures.
    """

    def __init__(self, watch: ExperimentWatch, answered: Counter, complain: Callable[[Exception], None]) -> None:
        self._watch, self._answered, self._complain = watch, answered, complain
        self._counting = threading.Lock()
        self.inside = 0

    def answer(self, request: RetrieveRequest, query_id: str, live: ServedRelease, by: AnsweredBy) -> Answer:
        """See `Trial`."""
        with self._counting:
            self.inside += 1
        try:
            return self._answer(request, query_id, live, by)
        finally:
            with self._counting:
                self.inside -= 1

    def info(self) -> Mapping[str, Any] | None:
        """See `Trial`."""
        return self._watch.info()

    def _answer(self, request: RetrieveRequest, query_id: str, live: ServedRelease, by: AnsweredBy) -> Answer:
        tried = self._watch.now
        if tried is None or tried.experiment.kind == "shadow" or live.release != tried.experiment.live:
            return by(live)
        is_drawn = tried.experiment.draws(unit_of(request, query_id))
        if tried.experiment.kind == "canary":
            return self._canary(tried, live, by) if is_drawn else self._logged(tried, by(live), arm="live")
        return self._interleaved(tried, live, by) if is_drawn else by(live)

    def _canary(self, tried: Tried, live: ServedRelease, by: AnsweredBy) -> Answer:
        """The candidate's answer. Where it fails, the session stays in its arm: leaving it out would flatter."""
        answer = self._candidates(tried, by)
        if answer is None:
            return self._logged(tried, by(live), arm="candidate", has_failed=True)
        return self._logged(tried, answer, arm="candidate", served="candidate")

    def _interleaved(self, tried: Tried, live: ServedRelease, by: AnsweredBy) -> Answer:
        """Both answers as one list under the live release's name; a degraded one is sent as it is."""
        first = by(live)
        if first.degraded:
            return self._logged(tried, first, arm="interleaved")
        other = self._candidates(tried, by)
        if other is None:
            return self._logged(tried, first, arm="interleaved", has_failed=True)
        return self._logged(tried, *_joined(tried, first, other), arm="interleaved", served="interleaved")

    def _candidates(self, tried: Tried, by: AnsweredBy) -> Answer | None:
        try:
            return by(tried.candidate)
        except Exception as error:  # a candidate must never fail a request
            self._complain(error)
            return None

    def _logged(
        self,
        tried: Tried,
        answer: Answer,
        slots: list[dict[str, Any]] | None = None,
        *,
        arm: str,
        served: str = "live",
        has_failed: bool = False,
    ) -> Answer:
        """The answer with what the log shall say. arm: what was drawn; served: what was sent."""
        self._answered.labels("failed" if has_failed else served).inc()
        about = tried.experiment
        told: dict[str, Any] = {"name": about.name, "kind": about.kind, "candidate": about.candidate, "arm": arm}
        told |= {"served": served, "has_failed": has_failed}
        return replace(answer, experiment=told if slots is None else {**told, "slots": slots})


def _joined(tried: Tried, live: Answer, candidate: Answer) -> tuple[Answer, list[dict[str, Any]]]:
    """The interleaved answer, as long as the longer of the two, and its slots."""
    rankings = [[DocId(result.id) for result in answer.results] for answer in (live, candidate)]
    seed = f"{tried.experiment.salt}\0{live.query_id}"
    slots = team_draft(*rankings, k=max(map(len, rankings)), seed=seed)
    theirs = {result.id: result for result in candidate.results}
    ours = {result.id: result for result in live.results}
    results = tuple(theirs[slot.id] if slot.team == "candidate" else ours[slot.id] for slot in slots)
    added_ms = candidate.latency_ms - candidate.stages_ms.get("encode", 0.0)
    answer = replace(
        live,
        results=results,
        latency_ms=live.latency_ms + added_ms,
        stages_ms={**live.stages_ms, "candidate": added_ms},
    )
    return answer, [slot.as_json() for slot in slots]
