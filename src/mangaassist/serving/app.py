"""An engine in, the HTTP service around it out, as an ASGI app."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from mangaassist.core.service_settings import ServiceSettings
from mangaassist.data import PrivacyKey
from mangaassist.serving.answers import Engine, Listener
from mangaassist.serving.edge import Edge
from mangaassist.serving.openapi import describe
from mangaassist.serving.refusals import Refused, refusal_response, request_id_of
from mangaassist.serving.routes import embeddings_routes, events_routes, retrieve_routes, state_routes
from mangaassist.serving.service import Service, Sinks, open_service
from mangaassist.serving.structured_logs import service_log

_KINDS = {404: "not_found", 405: "method_not_allowed"}


def create_app(
    engine: Engine,
    settings: ServiceSettings,
    *,
    root: Path,
    privacy: PrivacyKey,
    log: Any = None,
    clock: Callable[[], float] = time.time,
    sinks: Sinks | None = None,
    listener: Listener | None = None,
) -> FastAPI:
    """The app on the workspace at `root`; raises WorkspaceError or SettingsError if its logs or keys cannot be used.

    log: a structlog logger; JSON on standard error if None.  sinks, listener: see `open_service`.
    `app.state.service` holds what the routes share.
    """
    log = log or service_log()
    service = open_service(
        engine, settings, root=root, privacy=privacy, log=log, clock=clock, sinks=sinks, listener=listener
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.close()

    app = FastAPI(
        title="MangaAssist retrieval",
        version=version("mangaassist"),
        description="Finds manga titles and help articles for a shop's chat assistant.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    for routes in (retrieve_routes, events_routes, embeddings_routes, state_routes):
        app.include_router(routes(service))
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(Edge, traffic=service.traffic, metrics=service.metrics, log=service.log)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's own way to extend its document
    return app


def service_of(app: FastAPI) -> Service:
    """What the routes of an app share."""
    service = app.state.service
    assert isinstance(service, Service)
    return service


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return refusal_response(error, request_id_of(request))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = _KINDS.get(error.status_code, "http_error")
    message = f"{request.method} here: {str(error.detail).lower()}; see /openapi.json for what there is"
    response = refusal_response(Refused(error.status_code, kind, message), request_id_of(request))
    response.headers.update(error.headers or {})
    return response
