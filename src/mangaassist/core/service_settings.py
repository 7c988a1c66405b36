"""What a shop may set about its HTTP service: limits, rates, logs, and how it stops."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """The `[service]` section. Defaults suit one machine.

    query_characters: a longer query is refused.  results: the most that `k` may ask for.
    retrieve_bytes, events_bytes, embeddings_bytes: the largest bodies.  events_per_call, texts_per_call: the most.
    text_characters: of one text to embed.  body_s: how long a body may take to arrive.
    requests_per_minute, burst: of each key or, without keys, of each client address.
    engine_threads: answers under way at once; None: as many as suit the encoder, see `LiveEngine`.
    waiting: requests that may wait for a thread; more are told to come back.
    encoder_wait_s: how long an answer waits for the encoder; after that it is degraded.
    encoder_failures: so many in a row, and the encoder is left alone for encoder_rest_s; answers are degraded at once.
    queries_kept: base vectors of that many queries are kept in memory.
    log_bytes: a log file is closed at this size, and at the end of its day (UTC).
    log_queue: served queries not yet in the log; more are dropped and counted.  event_calls: waiting for the disk.
    shadow_queue: sent answers not yet compared with a candidate's; more are dropped and counted.
    event_ids_kept_days: how long a repeated event is recognised by the service itself; ingest knows every id for ever.
    hit_window_s: how long after a query a click counts.
    drain_notice_s: how long /ready says 503 before the port closes.  drain_s: how long running requests may take then.
    """

    query_characters: Positive = 2_000
    results: Positive = 100
    retrieve_bytes: Positive = 64 << 10
    events_bytes: Positive = 1 << 20
    embeddings_bytes: Positive = 8 << 20
    events_per_call: Positive = 1_000
    texts_per_call: Positive = 2_048
    text_characters: Positive = 50_000
    body_s: Seconds = 15.0
    requests_per_minute: Positive = 6_000
    burst: Positive = 200
    engine_threads: Positive | None = None
    waiting: Positive = 64
    encoder_wait_s: Seconds = 2.0
    encoder_failures: Positive = 5
    encoder_rest_s: Seconds = 10.0
    queries_kept: Positive = 4_096
    log_bytes: Positive = 64 << 20
    log_queue: Positive = 10_000
    shadow_queue: Positive = 256
    event_calls: Positive = 1_000
    event_ids_kept_days: Positive = 30
    hit_window_s: Seconds = 1_800.0
    drain_notice_s: Seconds = 2.0
    drain_s: Seconds = 20.0
