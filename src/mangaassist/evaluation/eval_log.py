"""One judged result in, one `retrieval_eval` log line out: the names and keys are a contract."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

HitSource = Literal["click", "judgement"]


@dataclass(frozen=True, slots=True)
class RetrievalEval:
    """What was retrieved for a query, and whether a relevant document was in the first three, once that is known.

    recall_at_3_hit: None at request time; later whether any of the first three is relevant (success@3), from
    `hit_source`. latency_ms: server time without HTTP.
    """

    query: str
    intent: str | None
    top3_titles: tuple[str, ...]
    recall_at_3_hit: bool | None
    adapter_version: str
    latency_ms: float
    query_id: str | None = None
    hit_source: HitSource | None = None

    def as_line(self, **more: Any) -> str:
        """The line as it stands in the log, without a newline; `more` fields stand behind those of the contract."""
        return json.dumps({"event": "retrieval_eval", **asdict(self), **more}, ensure_ascii=False, allow_nan=False)
