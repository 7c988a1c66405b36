"""Every HTTP request passes here: it gets an id, is counted, timed and logged, and never ends in a bare traceback."""

import re
import secrets
import time
from typing import Any, Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mangaassist.serving.metrics import Metrics
from mangaassist.serving.refusals import Refused, refusal_response
from mangaassist.serving.structured_logs import where_raised

GIVEN_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
GONE: Final = 499
"""What is counted for a client that went away before the answer, as nginx has it."""


class Traffic:
    """How many requests are inside, and whether new ones are still let in."""

    def __init__(self) -> None:
        self.inside = 0
        self.is_draining = False


class Edge:
    """The outermost layer of the app, as ASGI middleware."""

    def __init__(self, app: ASGIApp, *, traffic: Traffic, metrics: Metrics, log: Any) -> None:
        self._app, self._traffic, self._metrics, self._log = app, traffic, metrics, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one connection on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started, statuses = time.perf_counter(), [0]

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses[0] = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        self._traffic.inside += 1
        try:
            await self._answered(scope, receive, send_on, request_id, statuses)
        finally:
            self._traffic.inside -= 1
            self._note(scope, request_id, statuses[0] or GONE, (time.perf_counter() - started) * 1000)

    async def _answered(self, scope: Scope, receive: Receive, send: Send, request_id: str, statuses: list[int]) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception as error:  # the last place that can answer
            self._log.error("failed", request_id=request_id, **where_raised(error))
            if statuses[0]:
                return
            message = "the service failed; report it to its operator with this request_id"
            await refusal_response(Refused(500, "internal", message), request_id)(scope, receive, send)

    def _note(self, scope: Scope, request_id: str, status: int, milliseconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.requests.labels(route, str(status)).inc()
        if route.startswith("/v1/"):
            self._metrics.observe_stages({"http": milliseconds})
        caller = scope["state"].get("caller")
        self._log.info(
            "request", request_id=request_id, route=route, status=status, ms=round(milliseconds, 2), caller=caller
        )


def _request_id(scope: Scope) -> str:
    """The caller's own X-Request-ID, if it is a harmless one; else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and GIVEN_ID.fullmatch(value.decode("latin-1")):
            return str(value.decode("latin-1"))
    return secrets.token_hex(16)
