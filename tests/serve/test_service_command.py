"""`thermeld serve` as it is typed: where it listens, what it refuses, how it ends."""

import re
import signal
import subprocess
import sys
from http.client import HTTPConnection

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("uvicorn", reason="needs the extra serve")
pytest.importorskip("python_multipart", reason="needs the extra serve")

from thermeld.cli import main


def test_it_says_where_it_is_and_ends_well_on_sigterm():
    command = [sys.executable, "-m", "thermeld", "serve", "--port", "0", "--methods", "floor"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        first = process.stderr.readline()
        port = int(re.fullmatch(r"thermeld: at http://127\.0\.0\.1:(\d+)/ .*\n", first)[1])
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/v1/methods")
        offered = connection.getresponse().read()
        connection.close()
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
    assert b'"average"' in offered
    assert b'"mobilefuse"' not in offered.partition(b'"methods"')[2]
    assert (process.returncode, rest) == (0, "thermeld: stopped\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--host", "0.0.0.0"], "can be reached from other machines"),
        (["--host", "0.0.0.0", "--token-file", "short.txt"], "16 ASCII characters"),
        (["--token-file", "empty.txt"], "holds no token"),
        (["--cors", "*"], "takes an origin"),
        (["--cors", "https://example.org/page"], "takes an origin"),
        (["--methods", "fast"], "no method and no family named 'fast'"),
        (["--timeout", "0"], "request_s must be positive"),
        (["--timeout", "nan"], "request_s must be positive"),
        (["--host", "no.such.name.invalid", "--anyone"], "cannot listen on no.such.name.invalid"),
    ],
)
def test_what_it_will_not_do(words, sentence, tmp_path, monkeypatch, capsys):
    (tmp_path / "short.txt").write_text("hello")
    (tmp_path / "empty.txt").write_text("\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["thermeld", "serve", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_token_that_cannot_be_read_is_told(tmp_path, monkeypatch, capsys):
    missing = str(tmp_path / "none.txt")
    monkeypatch.setattr(sys, "argv", ["thermeld", "serve", "--token-file", missing])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    assert "the token cannot be read (No such file" in capsys.readouterr().err
