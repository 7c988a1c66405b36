"""A service in, its routes out: what each asks of a request, and what it answers."""

import asyncio
import uuid
from importlib.metadata import version

from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask

from mangaassist.serving.answers import Answer, Listener, RetrieveRequest
from mangaassist.serving.bodies import parse_object, read_body
from mangaassist.serving.embeddings_wire import EmbeddingsBody, embeddings_json
from mangaassist.serving.event_journal import Stored
from mangaassist.serving.events_wire import ReadEvents, read_events
from mangaassist.serving.openapi import EMBEDDINGS, EVENTS, HEALTH, INFO, METRICS, READY, RETRIEVE
from mangaassist.serving.refusals import Refused, json_response
from mangaassist.serving.retrieve_wire import RetrieveBody, answer_json
from mangaassist.serving.served_lines import Served, locale_of
from mangaassist.serving.service import Service
from mangaassist.serving.service_db import NotStored


def retrieve_routes(service: Service) -> APIRouter:
    """`POST /v1/retrieve`."""
    router, settings = APIRouter(), service.settings

    @router.post("/v1/retrieve", **RETRIEVE)
    async def retrieve(request: Request) -> Response:
        service.admit(request, "retrieve")
        service.check_ready()
        body = await read_body(request, limit=settings.retrieve_bytes, within_s=settings.body_s)
        asked = RetrieveBody.read(parse_object(body), settings).as_request()
        if service.answering.has_room:
            service.engine.expect(asked)
        answer = await service.answering.run(service.engine.answer, asked, query_id=uuid.uuid4().hex)
        service.metrics.observe_stages({**answer.stages_ms, "total": answer.latency_ms})
        if answer.degraded:
            service.metrics.degraded.inc()
        response = json_response(answer_json(answer))
        locale = locale_of(request.headers.get("accept-language"))
        service.telemetry.record(Served(asked, answer, locale, service.clock()))
        if service.listener is not None:
            response.background = BackgroundTask(_tell, service.listener, asked, answer)
        return response

    return router


async def _tell(listener: Listener, asked: RetrieveRequest, answer: Answer) -> None:
    """Run by Starlette once the response is sent; a coroutine, so that it takes no thread of its pool."""
    listener.sent(asked, answer)


def events_routes(service: Service) -> APIRouter:
    """`POST /v1/events`."""
    router, settings, counted = APIRouter(), service.settings, service.metrics.events

    @router.post("/v1/events", **EVENTS)
    async def events(request: Request) -> Response:
        service.admit(request, "events")
        if service.traffic.is_draining:
            service.check_ready()
        body = await read_body(request, limit=settings.events_bytes, within_s=settings.body_s)
        kind = request.headers.get("content-type", "")
        read = await service.answering.run(read_events, body, kind, service.privacy, settings)
        counted.labels("rejected").inc(len(read.rejected))
        return _events_response(read, await _stored(read))

    async def _stored(read: ReadEvents) -> Stored:
        if not read.events:
            return []
        try:
            stored = await asyncio.wrap_future(service.journal.submit(read.events))
        except NotStored as error:
            counted.labels("not_stored").inc(len(read.events))
            if error.is_full:
                raise Refused(507, "disk_full", str(error), retry_after_s=30) from error
            raise Refused(503, "unavailable", str(error), retry_after_s=1) from error
        counted.labels("accepted").inc(sum(stored))
        counted.labels("repeated").inc(len(stored) - sum(stored))
        return stored

    return router


def _events_response(read: ReadEvents, stored: Stored) -> Response:
    rejected = [each.as_json() for each in read.rejected]
    if not read.events:
        message = f"none of {len(rejected)} events can be taken; `rejected` names field, reason and remedy of each"
        raise Refused(422, "invalid_events", message, more={"rejected": rejected})
    accepted = sum(stored)
    content = {"accepted": accepted, "repeated": len(stored) - accepted, "rejected": rejected}
    return json_response(content, status=202)


def embeddings_routes(service: Service) -> APIRouter:
    """`POST /v1/embeddings`."""
    router, settings = APIRouter(), service.settings

    @router.post("/v1/embeddings", **EMBEDDINGS)
    async def embeddings(request: Request) -> Response:
        service.admit(request, "embeddings")
        service.check_ready()
        raw = await read_body(request, limit=settings.embeddings_bytes, within_s=settings.body_s)
        body = EmbeddingsBody.read(parse_object(raw), settings)

        def embedded() -> Response:
            return json_response(embeddings_json(body, *service.engine.embed(body.input, body.kind)))

        return await service.embedding.run(embedded)

    return router


def state_routes(service: Service) -> APIRouter:
    """`GET /health`, `/ready`, `/info` and `/metrics`."""
    router = APIRouter()

    @router.get("/health", **HEALTH)
    async def health() -> Response:
        return json_response({"status": "ok"})

    @router.get("/ready", **READY)
    async def ready() -> Response:
        service.check_ready()
        return json_response({"status": "ready"})

    @router.get("/info", **INFO)
    async def info(request: Request) -> Response:
        service.admit(request, None)
        return json_response({"version": version("mangaassist"), **service.engine.info()})

    @router.get("/metrics", **METRICS)
    async def metrics(request: Request) -> Response:
        service.admit(request, "metrics")
        return Response(service.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
