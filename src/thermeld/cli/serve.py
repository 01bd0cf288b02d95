"""`thermeld serve`: the page for people and the service for programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thermeld.errors import BadSetting, UnreadableFile
from thermeld.registry import need

if TYPE_CHECKING:
    from thermeld.serve.app import Service

EPILOG = """[bold]Examples[/bold]

thermeld serve   (the page and the service at http://127.0.0.1:8760/)

curl -F ir=@ir.png -F vis=@vis.jpg http://127.0.0.1:8760/v1/fuse -o fused.png

thermeld serve --host 0.0.0.0 --token-file token.txt

Ctrl-C or SIGTERM ends it after what is under way; the exit code is 0.
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("serve", epilog=EPILOG)(run)


def run(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0 for any that is free.")
    ] = 8760,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", help="Holds the token that requests must bring."),
    ] = None,
    anyone: Annotated[
        bool, typer.Option("--anyone", help="Listen on other addresses without a token.")
    ] = False,
    cors: Annotated[
        list[str] | None,
        typer.Option("--cors", metavar="ORIGIN", help="A web site whose pages may use it."),
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option("--methods", help="Families or names on offer, by commas; all for every one."),
    ] = None,
    parallel: Annotated[
        int, typer.Option("--parallel", min=0, help="Requests in work at once. Default: per core.")
    ] = 0,
    waiting: Annotated[
        int | None, typer.Option("--waiting", min=0, help="Requests beyond, that may wait.")
    ] = None,
    per_client: Annotated[
        int | None, typer.Option("--per-client", min=0, help="At once; 0 for any number.")
    ] = None,
    max_mib: Annotated[int | None, typer.Option("--max-mib", min=1, help="Of one request.")] = None,
    max_megapixels: Annotated[
        int | None, typer.Option("--max-megapixels", min=1, help="Of one picture.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", help="Seconds for one request's waiting and work.")
    ] = None,
) -> None:
    """Serve the page, and the service it and other programs use.

    Only this machine reaches it, unless --host says otherwise; then it wants
    a token. Limits and their defaults are in docs/serving.md.
    """
    for module in ("fastapi", "uvicorn", "python_multipart"):
        need(module, "serve")
    from thermeld.serve.app import Service
    from thermeld.serve.gate import Access
    from thermeld.serve.limits import MIB, Limits
    from thermeld.serve.server import is_loopback, require_closed

    chosen: dict[str, Any] = {
        "parallel": parallel,
        "methods": methods and tuple(name.strip() for name in methods.split(",")),
        "waiting": waiting,
        "per_client": per_client,
        "upload_bytes": max_mib and max_mib * MIB,
        "held_bytes": max_mib and 8 * max_mib * MIB,
        "pixels": max_megapixels and max_megapixels * 10**6,
        "request_s": timeout,
    }
    limits = Limits(**{name: value for name, value in chosen.items() if value is not None})
    token, origins = _token(token_file), tuple(_origin(text) for text in cors or ())
    access = Access(token, origins, local=is_loopback(host) and not token)
    require_closed(host, access, anyone=anyone)
    _serve(Service(limits, access), host, port)


def _serve(service: "Service", host: str, port: int) -> None:
    from thermeld.cli._stop import stop_wish
    from thermeld.serve.server import bound, server_of

    with bound(host, port) as socket:
        name, number = socket.getsockname()[:2]
        shown = f"[{name}]" if ":" in name else name
        typer.echo(f"thermeld: at http://{shown}:{number}/ (Ctrl-C to stop)", err=True)
        with stop_wish():
            server_of(service, host, port).run([socket])
    typer.echo("thermeld: stopped", err=True)


def _token(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise UnreadableFile(f"{path}: the token cannot be read ({reason})") from error
    if not token:
        raise BadSetting(f"{path}: holds no token")
    return token


def _origin(text: str) -> str:
    scheme, _, rest = text.partition("://")
    if scheme not in ("http", "https") or not rest or "/" in rest or "*" in rest:
        raise BadSetting(f"--cors takes an origin, as https://example.org, got {text!r}")
    return text
