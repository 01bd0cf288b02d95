"""The static page, beside the service's routes: a fixed table of files, and nothing else."""

import hashlib
from functools import cached_property

from fastapi import Request, Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from thermeld.serve.page import HEADERS, PageFile, page_files

INDEX = "index.html"


class PageRoute(BaseRoute):
    """Serves the page's files at /; whatever is not among them is not found.

    A path is looked up in a table and never becomes one of the file system.
    """

    def __init__(self) -> None:
        self._tags: dict[str, str] = {}

    @cached_property
    def files(self) -> dict[str, PageFile]:
        """The page's files by path, read when first asked for."""
        return dict(page_files())

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is a file of the page."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return Match.NONE, {}
        found = _name(scope["path"]) in self.files
        return (Match.FULL, {}) if found else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or say that the browser's copy is still good."""
        name = _name(scope["path"])
        file = self.files[name]
        body = file.read()
        tag = self._tags.setdefault(name, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
        headers = {**HEADERS, "etag": tag, "cache-control": "no-cache"}
        if file.content_encoding:
            headers["content-encoding"] = file.content_encoding
        if Request(scope).headers.get("if-none-match") == tag:
            answer = Response(status_code=304, headers=headers)
        else:
            answer = Response(body, headers=headers, media_type=file.content_type)
        await answer(scope, receive, send)


def _name(path: str) -> str:
    return path.lstrip("/") or INDEX
