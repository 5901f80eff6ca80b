"""Reads a whole feed by its next links over one connection, without looking into the rows."""
import re
import socket
import time

from .load import ANSWER_SECS
from .say import Failure

NEXT = re.compile(rb'"@odata\.nextLink":"([^"]+)"')
PIECE = 1 << 18


class Reader:
    """A connection that stays open."""

    def __init__(self, address, token):
        host, port = address.split(":")
        self.host, self.token = address, token
        self.socket = socket.create_connection((host, int(port)), timeout=ANSWER_SECS)
        self.file = self.socket.makefile("rb", buffering=PIECE)

    def close(self):
        """Ends it."""
        self.file.close()
        self.socket.close()

    def get(self, path):
        """Status and body of a GET."""
        head = f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {self.token}\r\n\r\n"
        self.socket.sendall(head.encode())
        status = int(self.file.readline().split()[1])
        headers = {}
        while (line := self.file.readline().strip()):
            name, value = line.split(b":", 1)
            headers[name.strip().lower()] = value.strip()
        if headers.get(b"transfer-encoding") == b"chunked":
            return status, self._chunks()
        return status, self.file.read(int(headers.get(b"content-length", 0)))

    def _chunks(self):
        parts = []
        while (size := int(self.file.readline().split(b";")[0], 16)):
            parts.append(self.file.read(size))
            self.file.readline()
        self.file.readline()
        return b"".join(parts)


def read(address, token, path):
    """Milliseconds of each page, and bytes of all."""
    reader = Reader(address, token)
    took, size = [], 0
    try:
        while path:
            began = time.perf_counter()
            status, body = reader.get(path)
            took.append((time.perf_counter() - began) * 1e3)
            if status != 200:
                raise Failure(f"the feed answered {status}: {body[:500]!r}")
            size += len(body)
            found = NEXT.search(body, max(0, len(body) - 8192)) or NEXT.search(body, 0, 8192)
            link = found and found.group(1).decode()
            path = link and "/" + link.split("://", 1)[-1].split("/", 1)[1]
    finally:
        reader.close()
    return took, size
