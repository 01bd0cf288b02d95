"""The service: routes that read a request, hand it to a worker, and send what comes back."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, fields
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from thermeld.errors import FusionError
from thermeld.fuse import DEFAULT_METHOD, list_methods
from thermeld.registry import METHODS
from thermeld.serve import counters as counting
from thermeld.serve.documents import ABOUT, PICTURE, SCORES, WARP, answers, body_of
from thermeld.serve.gate import Access, Gate
from thermeld.serve.limits import FIELD_BYTES, WARP_BYTES, Limits
from thermeld.serve.options import ALIGN, FUSE, SCORE, FuseOptions, Route
from thermeld.serve.pages import PageRoute
from thermeld.serve.places import Places, Stop
from thermeld.serve.problems import GONE, ClientGone, Problem, problem_of, response_of
from thermeld.serve.upload import read_upload
from thermeld.serve.work import Answer, Workshop

Job = Callable[[dict[str, bytes], Any, Stop], Answer]
NOT_THERE = {404: "nothing is here; see /openapi.json", 405: "not with this HTTP method"}


class Service:
    """One service: its limits, its workers, and what it has counted.

    Args:
        limits: what it takes on.
        access: who may use it.
    """

    def __init__(self, limits: Limits | None = None, access: Access | None = None) -> None:
        self.limits = limits or Limits()
        self.access = access or Access()
        self.places = Places(self.limits)
        self.shop = Workshop(self.limits)
        self.counters = counting.Counters()

    def app(self) -> Gate:
        """The ASGI application."""
        return Gate(_routes(self), self.access, self.counters, self.limits.head_bytes)

    def warm(self) -> None:
        """Load the default method now, so that the first request does not wait for it."""
        if self.limits.allows(METHODS[DEFAULT_METHOD].card):
            self.shop.fuser(FuseOptions())

    async def handle(self, request: Request, route: Route, job: Job) -> Response:
        """A request with pictures: from its place to its answer.

        Raises:
            Problem, FusionError: it is refused.
            ClientGone: it left.
        """
        client = request.client.host if request.client else ""
        path = request.url.path
        with self.places.visit(client) as visit:
            parts = await read_upload(
                request.headers,
                request.receive,
                room=self._room(route),
                limits=self.limits,
                held=visit.held,
            )
            options = route.chosen(parts)
            answer = await visit.run(
                lambda stop: job(parts, options, stop),
                request.receive,  # after the body, only a disconnect comes
                seconds=self.limits.request_s,
            )
        self.counters.worked(path, answer.seconds)
        return _sent(answer)

    def _room(self, route: Route) -> dict[str, int]:
        """The parts a request may have, and the most bytes of each."""
        room = {name: self.limits.upload_bytes for name in route.pictures}
        room |= {option.name: FIELD_BYTES for option in fields(route.options)}
        return room | ({"warp": WARP_BYTES} if "warp" in room else {})


def _sent(answer: Answer) -> Response:
    timing = ", ".join(f"{step};dur={1e3 * taken:.2f}" for step, taken in answer.seconds.items())
    headers = {"server-timing": timing}
    if answer.note:
        headers["thermeld-note"] = answer.note.encode("ascii", "replace").decode()
    return Response(answer.body, headers=headers, media_type=answer.media_type)


def _routes(service: Service) -> FastAPI:
    @asynccontextmanager
    async def whole_life(app: FastAPI) -> AsyncIterator[None]:
        service.warm()
        yield
        service.places.close()

    app = FastAPI(
        title="thermeld",
        version=version("thermeld"),
        description=ABOUT,
        docs_url=None,  # they would be fetched from another site
        redoc_url=None,
        lifespan=whole_life,
    )
    _add_refusals(app)
    _add_work(app, service)
    _add_facts(app, service)
    app.router.routes.append(PageRoute())
    return app


def _add_refusals(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return response_of(error)

    @app.exception_handler(FusionError)
    async def refused(request: Request, error: FusionError) -> Response:
        return response_of(problem_of(error))

    @app.exception_handler(ClientGone)
    async def gone(request: Request, error: ClientGone) -> Response:
        return Response(status_code=GONE)

    @app.exception_handler(HTTPException)
    async def not_there(request: Request, error: HTTPException) -> Response:
        detail = NOT_THERE.get(error.status_code, str(error.detail))
        return response_of(Problem(error.status_code, detail))


def _add_work(app: FastAPI, service: Service) -> None:
    shop = service.shop

    @app.post("/v1/fuse", responses=answers(**PICTURE), openapi_extra=body_of(FUSE))
    async def fuse(request: Request) -> Response:
        """Fuse an infrared and a visible picture."""
        return await service.handle(request, FUSE, shop.fuse)

    @app.post("/v1/score", responses=answers(**SCORES), openapi_extra=body_of(SCORE))
    async def score(request: Request) -> Response:
        """Measure a fused picture against its two sources."""
        return await service.handle(request, SCORE, shop.score)

    @app.post("/v1/align", responses=answers(**WARP), openapi_extra=body_of(ALIGN))
    async def align(request: Request) -> Response:
        """Find how an infrared picture lies on a visible one."""
        return await service.handle(request, ALIGN, shop.align)


def _add_facts(app: FastAPI, service: Service) -> None:
    @app.get("/v1/methods")
    async def methods() -> JSONResponse:
        """The methods on offer, as `thermeld list --json` tells them, and the limits."""
        offered = [card for card in list_methods() if service.limits.allows(card)]
        cards = [asdict(card) | {"settings": dict(METHODS[card.name].settings)} for card in offered]
        limits = asdict(service.limits)
        return JSONResponse({"default": DEFAULT_METHOD, "methods": cards, "limits": limits})

    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        """Whether the service answers, and how busy it is."""
        places = service.places
        facts = {"status": "ok", "in_work": places.in_work, "inside": places.inside}
        return JSONResponse(facts | {"version": version("thermeld")})

    @app.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Requests, latency, steps, queue and memory, for Prometheus."""
        return Response(service.counters.text(service.places), media_type=counting.MEDIA_TYPE)
