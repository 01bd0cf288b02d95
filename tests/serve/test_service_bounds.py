"""What the service does when it is too much, too slow, malicious, or not meant for the client."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("uvicorn", reason="needs the extra serve")
pytest.importorskip("python_multipart", reason="needs the extra serve")

from hostile import attacks, strike
from service import form, picture, request, running

from thermeld.errors import BadSetting, UnknownName
from thermeld.fuse import Fuser
from thermeld.io import encode_image
from thermeld.io.files import read_picture
from thermeld.serve.counters import resident_bytes
from thermeld.serve.gate import Access
from thermeld.serve.limits import MIB, Limits
from thermeld.serve.server import bound, require_closed
from thermeld.serve.work import Workshop

TOKEN = "a-token-of-the-tests"


@pytest.fixture
def parts(rng):
    return {"ir": picture(rng), "vis": picture(rng), "method": "average"}


@pytest.fixture(scope="module")
def tight():
    limits = Limits(
        upload_bytes=MIB, pixels=100_000, parallel=1, waiting=2, per_client=2, connections=20,
        idle_s=0.5, upload_s=2.0, head_s=1.5, request_s=5.0,
    )  # fmt: skip
    with running(limits) as one:
        yield one


def test_a_request_that_states_too_many_bytes_is_refused_before_it_is_sent(tight):
    answer = tight.raw(request("/v1/fuse", b"", length=5 * MIB))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"larger than 1 MiB" in answer


def test_an_upload_that_does_not_say_its_size_is_refused_at_the_first_byte_too_many(tight):
    """An endless one: were it read to its end, there would be no answer."""
    kind = "content-type: multipart/form-data; boundary=between-the-parts"
    head = f"POST /v1/fuse HTTP/1.1\r\nhost: x\r\n{kind}\r\ntransfer-encoding: chunked\r\n\r\n"
    start = form({"ir": b""}, end=False)[:-2]
    piece = b"%x\r\n%s\r\n" % (65536, bytes(65536))
    sent = 0
    with socket.create_connection(("127.0.0.1", tight.port), timeout=10) as client:
        client.sendall(head.encode() + b"%x\r\n%s\r\n" % (len(start), start))
        client.setblocking(False)
        answer, end = b"", time.monotonic() + 10
        while not answer and time.monotonic() < end:
            try:
                sent += client.send(piece)
            except BlockingIOError:
                time.sleep(0.01)
            try:
                answer = client.recv(65536)
            except BlockingIOError:
                continue
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert tight.settles()


def test_pixels_are_counted_before_they_are_decoded(tight, rng, parts):
    answer = tight.post("/v1/fuse", {**parts, "vis": picture(rng, (400, 300))})
    assert answer.status == 422
    assert answer.sentence == "vis: says it is 300x400; the limit is 100000 pixels; crop it first"


def test_a_sender_that_dawdles_is_told_so(tight):
    begun = time.monotonic()
    answer = tight.raw(request("/v1/fuse", form({"ir": bytes(100)})[:60], length=400))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun < 8
    assert tight.settles()


def test_an_answer_that_is_not_read_does_not_stay(rng):
    flat = encode_image(np.zeros((2000, 3000, 3), np.uint8), "png")
    parts = {"ir": flat, "vis": flat, "method": "average", "format": "bmp"}  # 18 MB
    with running(Limits(parallel=1, idle_s=1.0)) as service, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", service.port))
        client.sendall(request("/v1/fuse", form(parts)))
        client.settimeout(30)
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        time.sleep(4)  # of not reading
        rest = sum(len(piece) for piece in iter(lambda: client.recv(65536), b""))
    assert rest < 17e6  # what the system had in its buffers


@pytest.mark.parametrize("head", [b"", b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: "])
def test_a_connection_without_a_request_is_closed(tight, head):
    begun = time.monotonic()
    assert tight.raw(head) == b""
    assert 1 < time.monotonic() - begun < 10


def test_headers_that_do_not_end_are_refused(tight):
    answer = tight.raw(b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 40_000)
    assert answer.startswith(b"HTTP/1.1 431 ")
    whole = tight.raw(b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 30_000 + b"\r\n\r\n")
    assert whole.startswith(b"HTTP/1.1 431 ")


class Held:
    """Makes every fusion wait until it is let go."""

    def __init__(self, monkeypatch) -> None:
        self.begun, self.let_go = Event(), Event()
        real = Workshop.fuse

        def slow(shop, parts, options, stop):
            self.begun.set()
            assert self.let_go.wait(20)
            return real(shop, parts, options, stop)

        monkeypatch.setattr(Workshop, "fuse", slow)


def started(service, parts, client: str) -> Thread:
    """A request that is sent and waits for its answer in a thread of its own."""
    thread = Thread(
        target=service.post, args=("/v1/fuse", parts), kwargs={"x-forwarded-for": client}
    )
    thread.start()
    return thread


def test_full_is_503_and_too_many_of_one_client_429(parts, monkeypatch):
    held = Held(monkeypatch)
    with running(Limits(parallel=1, waiting=2, per_client=2)) as service:
        threads = [started(service, parts, client) for client in ("10.0.0.1",) * 2]
        assert held.begun.wait(10)
        while service.service.places.inside < 2:
            time.sleep(0.01)
        mine = service.post("/v1/fuse", parts, **{"x-forwarded-for": "10.0.0.1"})
        threads.append(started(service, parts, "10.0.0.2"))
        while service.service.places.inside < 3:
            time.sleep(0.01)
        any_other = service.post("/v1/fuse", parts, **{"x-forwarded-for": "10.0.0.3"})
        healthy = service.get("/healthz").json
        held.let_go.set()
        for thread in threads:
            thread.join(20)
        assert service.settles()
    for answer, status in ((mine, 429), (any_other, 503)):
        assert answer.status == status
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.sentence
    assert healthy["inside"] == 3


def test_what_takes_too_long_is_503_and_its_place_free_when_the_work_ends(parts, monkeypatch):
    held = Held(monkeypatch)
    with running(Limits(parallel=1, waiting=1, request_s=0.3)) as service:
        answer = service.post("/v1/fuse", parts)
        assert answer.status == 503
        assert "could not answer within 0.3 s" in answer.sentence
        assert service.service.places.inside == 1  # the thread is still at it
        held.let_go.set()
        assert service.settles()
        assert service.post("/v1/fuse", parts).status in (200, 503)


def test_what_would_wait_for_too_long_is_refused_at_once(parts, monkeypatch):
    held = Held(monkeypatch)
    with running(Limits(parallel=1, waiting=9, request_s=20)) as service:
        service.service.places.usual_s = 15.0
        thread = started(service, parts, "10.0.0.1")  # a free worker takes it all the same
        assert held.begun.wait(10)
        answer = service.post("/v1/fuse", parts)
        held.let_go.set()
        thread.join(20)
        assert service.settles()
    assert answer.status == 503
    assert "more under way than it could answer in time; try again in 30 s" in answer.sentence


def test_a_client_that_goes_away_frees_its_place(parts, monkeypatch):
    held = Held(monkeypatch)
    with running(Limits(parallel=1, waiting=3)) as service:
        first = started(service, parts, "10.0.0.1")
        assert held.begun.wait(10)
        with socket.create_connection(("127.0.0.1", service.port)) as client:
            client.sendall(request("/v1/fuse", form(parts)))
            while service.service.places.inside < 2:
                time.sleep(0.01)
        end = time.monotonic() + 5
        while service.service.places.inside > 1 and time.monotonic() < end:
            time.sleep(0.01)
        assert service.service.places.inside == 1  # the one in work; the waiting one is gone
        held.let_go.set()
        first.join(20)
        assert service.settles()
        assert service.service.counters.gone == 1


def test_a_stop_finishes_what_is_under_way(parts, monkeypatch):
    held = Held(monkeypatch)
    answers = []
    with running(Limits(parallel=1)) as service:
        thread = Thread(target=lambda: answers.append(service.post("/v1/fuse", parts)))
        thread.start()
        assert held.begun.wait(10)
        Thread(target=lambda: (time.sleep(0.5), held.let_go.set())).start()
    thread.join(20)
    assert [answer.status for answer in answers] == [200]


def test_uploads_together_take_bounded_memory(parts):
    with running(Limits(parallel=1, upload_bytes=MIB, held_bytes=MIB // 2)) as service:
        answer = service.post("/v1/fuse", {**parts, "ir": bytes(MIB * 3 // 4)})
        assert answer.status == 503
        assert "as it has memory for" in answer.sentence
        assert service.settles()


def test_a_token_is_needed_where_there_is_one(parts):
    with running(Limits(parallel=1), Access(TOKEN)) as service:
        for headers in ({}, {"authorization": f"Bearer {TOKEN}x"}, {"authorization": TOKEN}):
            answer = service.post("/v1/fuse", parts, **headers)
            assert (answer.status, answer.headers["www-authenticate"][:6]) == (401, "Bearer")
            assert service.get("/metrics", **headers).status == 401
        right = {"authorization": f"Bearer {TOKEN}"}
        assert service.post("/v1/fuse", parts, **right).status == 200
        assert service.get("/healthz").status == service.get("/").status == 200  # no secrets there


def test_pages_of_other_sites_are_kept_out_unless_they_are_named(parts):
    with running(Limits(parallel=1), Access(origins=("https://good.example",))) as service:
        assert service.post("/v1/fuse", parts, origin="https://evil.example").status == 403
        own = service.post("/v1/fuse", parts, origin=f"http://127.0.0.1:{service.port}")
        assert own.status == 200
        assert "access-control-allow-origin" not in own.headers
        good = service.post("/v1/fuse", parts, origin="https://good.example")
        assert good.headers["access-control-allow-origin"] == "https://good.example"
        asked = {"origin": "https://good.example", "access-control-request-method": "POST"}
        assert service.ask("OPTIONS", "/v1/fuse", headers=asked).status == 204
        asked["origin"] = "https://evil.example"
        assert service.ask("OPTIONS", "/v1/fuse", headers=asked).status == 403


def test_a_local_service_answers_to_no_name_of_a_web_site(parts):
    """A site that points its own name here passes the check of origins: both headers agree."""
    with running(Limits(parallel=1), Access(local=True)) as service:
        rebound = {"host": f"evil.example:{service.port}"}
        rebound["origin"] = f"http://{rebound['host']}"
        answer = service.post("/v1/fuse", parts, **rebound)
        assert answer.status == 403
        assert "by its address or localhost" in answer.sentence
        assert service.get("/", **rebound).status == 403
        for own in ("localhost", "LOCALHOST:80", f"127.0.0.1:{service.port}", "[::1]:8760"):
            assert service.get("/healthz", host=own).status == 200
        for other in ("localhost.evil.example", "127.0.0.1.evil.example", "[evil]", "evil@[::1]"):
            assert service.get("/healthz", host=other).status == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_no_other_address_without_a_token_or_a_word(host):
    with pytest.raises(BadSetting, match="--token-file"):
        require_closed(host, Access(), anyone=False)
    require_closed(host, Access(TOKEN), anyone=False)
    require_closed(host, Access(), anyone=True)
    for own in ("127.0.0.1", "::1", "localhost", "127.8.8.8"):
        require_closed(own, Access(), anyone=False)


def test_impossible_limits_and_tokens_are_refused():
    with pytest.raises(BadSetting, match="pixels must be positive"):
        Limits(pixels=0)
    with pytest.raises(UnknownName, match="no method and no family named 'fast'"):
        Limits(methods=("fast",))
    with pytest.raises(BadSetting, match="16 ASCII characters"):
        Access("short")
    with (
        bound("127.0.0.1", 0) as taken,
        pytest.raises(BadSetting, match="choose another"),
        bound("127.0.0.1", taken.getsockname()[1]),
    ):
        pass


def test_many_clients_at_once_each_get_a_right_picture_or_an_honest_refusal(parts):
    pixels = [read_picture(parts[name], Path(name)).pixels for name in ("ir", "vis")]
    right = Fuser("average")(*pixels)

    def client(number: int) -> list[int]:
        statuses = []
        for _ in range(5):
            headers = {"x-forwarded-for": f"10.0.0.{number}"}
            answer = service.post("/v1/fuse", parts, **headers)
            statuses.append(answer.status)
            if answer.status == 200:
                assert np.array_equal(read_picture(answer.body, Path("a")).pixels, right)
            else:
                assert answer.status == 503, answer.sentence
                assert int(answer.headers["retry-after"]) >= 1
        return statuses

    with running(Limits(parallel=2, waiting=4)) as service, ThreadPoolExecutor(24) as pool:
        statuses = [status for each in pool.map(client, range(24)) for status in each]
        assert service.settles()
    assert len(statuses) == 24 * 5
    assert statuses.count(200) >= 24


def test_hostile_requests_get_honest_answers_and_leave_nothing_behind(rng):
    limits = Limits(parallel=2, waiting=16, per_client=0, idle_s=1.0, head_s=1.0, upload_s=3.0)
    some = list(islice(attacks(rng, slow=False), 110))
    with running(limits) as service, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda attack: strike(service.port, attack), some[:11]))
        before = resident_bytes() or 0
        outcomes = list(pool.map(lambda attack: strike(service.port, attack), some))
        assert service.settles(10)
        after = resident_bytes() or 0
        assert service.get("/healthz").status == 200
    faults = [(a.kind, o) for a, o in zip(some, outcomes, strict=True) if o.fault]
    assert not faults, json.dumps([[kind, o.status, o.fault] for kind, o in faults], indent=1)
    assert max(outcome.seconds for outcome in outcomes) < 20
    assert after - before < 150e6  # one bomb decoded would be 900 MB and more
