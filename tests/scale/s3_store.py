"""A store that speaks as much of S3's protocol as fsspec needs: one bucket level, in memory."""

import hashlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

DATE = "Sat, 01 Jan 2028 00:00:00 GMT"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _say(self, code, body=b"", **headers):
        self.send_response(code)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _key(self):
        return unquote(urlsplit(self.path).path).lstrip("/")

    def _missing(self):
        self._say(404, b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>")

    def _body(self):
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "aws-chunked" not in self.headers.get("Content-Encoding", ""):
            return data
        whole = b""  # SIZE;signature CRLF bytes CRLF, until a size of 0
        while data:
            head, _, data = data.partition(b"\r\n")
            size = int(head.partition(b";")[0], 16)
            if not size:
                break
            whole, data = whole + data[:size], data[size + 2 :]
        return whole

    def do_PUT(self):
        data = self._body()
        with self.server.lock:
            self.server.objects[self._key()] = data
            self.server.puts.append(self._key())
        self._say(200, ETag=f'"{hashlib.md5(data).hexdigest()}"')

    def do_HEAD(self):
        data = self.server.objects.get(self._key())
        if data is None:
            self._say(404)
        else:
            tag = f'"{hashlib.md5(data).hexdigest()}"'
            self.send_response(200)
            for name, value in {
                "Content-Length": len(data), "ETag": tag, "Last-Modified": DATE,
            }.items():  # fmt: skip
                self.send_header(name, str(value))
            self.end_headers()

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if "list-type" in query:
            self._list(query)
            return
        data = self.server.objects.get(self._key())
        if data is None:
            self._missing()
            return
        asked = self.headers.get("Range")
        if not asked:
            self._say(200, data, ETag=f'"{hashlib.md5(data).hexdigest()}"', Last_Modified=DATE)
            return
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(data)), len(data) - 1)
        place = f"bytes {start}-{end}/{len(data)}"
        self._say(206, data[start : end + 1], Content_Range=place, Last_Modified=DATE)

    def _list(self, query):
        bucket, prefix = self._key().rstrip("/"), query.get("prefix", [""])[0]
        delimiter = query.get("delimiter", [""])[0]
        keys, folders = [], set()
        for name in sorted(self.server.objects):
            key = name.removeprefix(f"{bucket}/")
            if not name.startswith(f"{bucket}/{prefix}"):
                continue
            rest = key[len(prefix) :]
            if delimiter and delimiter in rest:
                folders.add(prefix + rest.partition(delimiter)[0] + delimiter)
            else:
                keys.append((key, len(self.server.objects[name])))
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size>"
            "<LastModified>2028-01-01T00:00:00.000Z</LastModified></Contents>"
            for key, size in keys
        )
        contents += "".join(
            f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in folders
        )
        head = f"<Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix><MaxKeys>1000</MaxKeys>"
        text = f"<ListBucketResult>{head}<IsTruncated>false</IsTruncated>{contents}"
        self._say(200, f"{text}</ListBucketResult>".encode(), Content_Type="application/xml")

    def do_DELETE(self):
        with self.server.lock:
            self.server.objects.pop(self._key(), None)
        self._say(204)

    def do_POST(self):
        bucket = self._key().rstrip("/")
        asked = ElementTree.fromstring(self._body())
        for node in asked.iter():
            if node.tag.endswith("Key"):
                self.server.objects.pop(f"{bucket}/{node.text}", None)
        self._say(200, b"<DeleteResult></DeleteResult>", Content_Type="application/xml")


@contextmanager
def s3_store():
    """A running store: `.objects` by bucket and key, `.puts` in order, `.url`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.objects, server.puts, server.lock = {}, [], threading.Lock()
    server.daemon_threads = True
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
