"""Servers as processes of our own: started, read until they listen, stopped."""
import os
import select
import subprocess
import time

from . import machine
from .data import files
from .feed import Reader
from .say import Failure, say

START_SECS = 600
SETTLE_SECS = 1800
# Takes next to nothing of the processor for so long once it has nothing left to do.
STILL_SECS = 2
STOP_SECS = 60
IMPORT_SECS = 3600
# One token asks all there is to ask.
UNLIMITED = {
    "TESSERA_RATE_ADMIN_PER_MINUTE": "0",
    "TESSERA_RATE_SERVICE_PER_MINUTE": "0",
    "TESSERA_RATE_OTHER_PER_MINUTE": "0",
    "TESSERA_RATE_SESSION_PER_MINUTE": "0",
    "TESSERA_CONCURRENT_PER_TOKEN": "0",
    "TESSERA_LOG_LEVEL": "warn",
}


class Server:
    """A process that says 'listening on http://…' on standard error."""

    def __init__(self, command, log):
        self.log = log
        began = time.monotonic()
        with open(log, "wb") as errors:
            self.process = subprocess.Popen([str(part) for part in command], stderr=errors,
                                            stdout=errors, stdin=subprocess.DEVNULL,
                                            env={**os.environ, **UNLIMITED})
        self.address = self._listening(began)
        self.start_secs = time.monotonic() - began

    def _listening(self, began):
        while time.monotonic() - began < START_SECS:
            text = self.log.read_text(encoding="utf-8", errors="replace")
            told = [line for line in text.splitlines() if line.startswith("listening on http://")]
            if told and text.endswith("\n"):
                return told[0].split("http://", 1)[1].strip()
            if self.process.poll() is not None:
                raise Failure(f"a server ended with {self.process.returncode}: {text[-2000:]}")
            select.select([], [], [], 0.005)
        self.stop()
        raise Failure(f"no server after {START_SECS} s")

    def memory(self):
        """Resident memory now and at most so far, bytes."""
        return machine.memory(self.process.pid)

    def stop(self):
        """Ends it, gently first."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(STOP_SECS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def _tessera(options, folder, *arguments):
    done = subprocess.run([str(options.tessera), *map(str, arguments), "--data", str(folder)],
                          capture_output=True, text=True, timeout=IMPORT_SECS, check=False)
    if done.returncode != 0:
        raise Failure(f"'tessera {arguments[0]}' ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def fill(options, material, folder):
    """Imports everything; rows and seconds of each set."""
    took = []
    for name, path in files(material):
        with open(path, "rb") as lines:
            rows = sum(1 for _ in lines)
        began = time.monotonic()
        _tessera(options, folder, "import", "--set", name, path)
        took.append((name, rows, time.monotonic() - began))
        say(f"imported {rows:,} {name} in {took[-1][2]:.1f} s")
    return took


def token(options, folder):
    """A token that may do everything."""
    create = ("token", "create", "--name", "bench", "--role", "Administrator")
    return _tessera(options, folder, *create).strip()


def settle(server, secret):
    """Waits until the search index is built and the checkpoint behind an import written: what these take from the
    processor belongs to the start, not to answers."""
    reader, began = Reader(server.address, secret), time.monotonic()
    is_searched, busy_until = False, began
    while time.monotonic() - began < SETTLE_SECS:
        before = machine.processor_secs(server.process.pid)
        time.sleep(STILL_SECS / 10)
        if machine.processor_secs(server.process.pid) - before > STILL_SECS / 100:
            busy_until = time.monotonic()
        is_searched = is_searched or b"\ntessera_sequence_searched " in reader.get("/metrics")[1]
        if is_searched and time.monotonic() - busy_until >= STILL_SECS:
            reader.close()
            return busy_until - began
    raise Failure(f"the server is not still after {SETTLE_SECS} s")


def tessera(options, folder, work):
    """The server on a filled folder, on a free port of the loopback interface."""
    command = [options.tessera, "serve", "--listen", "127.0.0.1:0", "--data", folder]
    return Server(command, work / "tessera.log")


def static(options, folder, work):
    """The server of fixed answers."""
    return Server([options.static, folder], work / "static.log")
