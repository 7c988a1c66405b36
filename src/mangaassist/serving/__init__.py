"""A workspace's live release in; results, acknowledged events and vectors over HTTP out, and the production log.

LiveEngine.open(workspace, settings)                        the engine: the live release, as it was evaluated
route_message(vector, …)                                    what to search: titles, articles or both; never adapted
create_app(engine, settings, …) ──► run_server(app, …)      the service; Engine is what it asks for
Client(url).retrieve(…)                                      the other side
"""

from mangaassist.core.service_settings import ServiceSettings
from mangaassist.serving.answers import (
    Answer,
    AnswerShelf,
    Engine,
    Filters,
    Listener,
    Result,
    RetrieveRequest,
    ShelfTitle,
)
from mangaassist.serving.app import create_app, service_of
from mangaassist.serving.client import Client, EventsReceipt
from mangaassist.serving.comparing import Compared, Comparison, compared_releases, comparison_stamp
from mangaassist.serving.engine import AnsweredBy, LiveEngine, Trial
from mangaassist.serving.erasing import (
    close_logs,
    erase_lines,
    erase_service_rows,
    logged_query_ids,
    logged_texts,
)
from mangaassist.serving.keys import KEYS_FILE, SCOPES, ApiKey, KeyRing, add_key, read_keys, revoke_key
from mangaassist.serving.log_files import LineSink, LogFile
from mangaassist.serving.refusals import Refused
from mangaassist.serving.retained_lines import retained_events, retained_lines
from mangaassist.serving.routing import CallerIntent, route_message
from mangaassist.serving.running import (
    RunningServer,
    check_binding,
    is_loopback,
    listen_on,
    run_server,
    start_server,
    url_of,
)
from mangaassist.serving.served_release import ServedRelease
from mangaassist.serving.service_db import NotStored
from mangaassist.serving.structured_logs import service_log, where_raised
from mangaassist.serving.telemetry import EVAL_LOG
from mangaassist.serving.timing import time_candidate

__all__ = [
    "EVAL_LOG",
    "KEYS_FILE",
    "SCOPES",
    "Answer",
    "AnswerShelf",
    "AnsweredBy",
    "ApiKey",
    "CallerIntent",
    "Client",
    "Compared",
    "Comparison",
    "Engine",
    "EventsReceipt",
    "Filters",
    "KeyRing",
    "LineSink",
    "Listener",
    "LiveEngine",
    "LogFile",
    "NotStored",
    "Refused",
    "Result",
    "RetrieveRequest",
    "RunningServer",
    "ServedRelease",
    "ServiceSettings",
    "ShelfTitle",
    "Trial",
    "add_key",
    "check_binding",
    "close_logs",
    "compared_releases",
    "comparison_stamp",
    "create_app",
    "erase_lines",
    "erase_service_rows",
    "is_loopback",
    "listen_on",
    "logged_query_ids",
    "logged_texts",
    "read_keys",
    "retained_events",
    "retained_lines",
    "revoke_key",
    "route_message",
    "run_server",
    "service_log",
    "service_of",
    "start_server",
    "time_candidate",
    "url_of",
    "where_raised",
]
