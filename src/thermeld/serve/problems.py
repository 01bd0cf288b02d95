"""Refusals as HTTP answers: application/problem+json (RFC 9457), in the library's own sentences."""

import json
from http import HTTPStatus

from fastapi import Response

from thermeld.errors import BadModel, FusionError, MissingExtra

MEDIA_TYPE = "application/problem+json"
KINDS = {  # names for programs, for refusals that are not the library's
    400: "NotHttp",
    401: "TokenNeeded",
    403: "OtherSite",
    404: "NotFound",
    405: "WrongHttpMethod",
    408: "SenderTooSlow",
    413: "TooLarge",
    415: "NotMultipart",
    422: "BadForm",
    429: "TooMany",
    431: "HeadersTooLarge",
    503: "Busy",
}
GONE = 499  # as nginx logs it: a status that nobody reads


class Problem(Exception):
    """A refusal that is about the request or the service, not about its pictures.

    Args:
        status: of the answer.
        detail: a sentence that ends with the cure.
        retry_s: when to try again, or None.
        kind: a name for programs; by the status if not given.
    """

    def __init__(
        self, status: int, detail: str, *, retry_s: int | None = None, kind: str = ""
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.retry_s = status, detail, retry_s
        self.kind = kind or KINDS.get(status, "Other")
        self.facts = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "error": self.kind,
        }


class ClientGone(Exception):
    """Nobody is left to answer to."""


def problem_of(error: FusionError) -> Problem:
    """What the library refused, as an answer.

    422: the request was understood and cannot be done as it stands. What is missing or damaged
    on the server's own side is 501 and 500.
    """
    own_side = {MissingExtra: 501, BadModel: 500}
    detail = " ".join(str(error).split())
    return Problem(own_side.get(type(error), 422), detail, kind=type(error).__name__)


def response_of(problem: Problem) -> Response:
    """The answer that says so."""
    headers = {} if problem.retry_s is None else {"retry-after": str(problem.retry_s)}
    if problem.status == 401:
        headers["www-authenticate"] = 'Bearer realm="thermeld"'
    body = json.dumps(problem.facts, ensure_ascii=False).encode()
    return Response(body, problem.status, headers, media_type=MEDIA_TYPE)
