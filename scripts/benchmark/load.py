"""Drives a server with wrk: many requests over connections that stay open."""
import dataclasses
import math
import os
import pathlib
import signal
import subprocess
import time

from .say import Failure

SCRIPT = pathlib.Path(__file__).with_name("load.lua")
# Longer than any query may take.
ANSWER_SECS = 60


@dataclasses.dataclass
class Load:
    """What came of a run. Times in milliseconds."""

    per_sec: float
    median: float
    p99: float
    slowest: float
    refused: int
    broken: int
    bytes_per_sec: float


class Driver:
    """wrk on one server."""

    def __init__(self, options, work, address, token=None):
        self.wrk, self.work, self.address, self.token = options.wrk, work, address, token
        self.runs = 0

    def start(self, requests, connections, seconds, pause_ms=0):
        """Begins a run; `requests` are (method, path, body)."""
        self.runs += 1
        file = self.work / f"requests-{self.address.replace(':', '-')}-{self.runs % 8}.txt"
        lines = ("\t".join(part for part in request if part) for request in requests)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        environment = {**os.environ, "BENCH_REQUESTS": str(file), "BENCH_SEED": str(self.runs),
                       "BENCH_PAUSE_MS": str(pause_ms)}
        if self.token:
            environment["BENCH_TOKEN"] = self.token
        command = [self.wrk, "-t1", f"-c{connections}", f"-d{math.ceil(seconds)}s",
                   f"--timeout={ANSWER_SECS}s", "-s", str(SCRIPT), f"http://{self.address}"]
        return Running(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, env=environment), seconds)

    def run(self, requests, connections, seconds, pause_ms=0):
        """A run from begin to end."""
        return self.start(requests, connections, seconds, pause_ms).end()


class Running:
    """A run under way."""

    def __init__(self, process, seconds):
        self.process, self.seconds = process, seconds

    def end(self):
        """Waits for its end."""
        try:
            if self.seconds < 1:
                # wrk counts in whole seconds, and sums up early where it is interrupted.
                time.sleep(self.seconds)
                self.process.send_signal(signal.SIGINT)
            out, _ = self.process.communicate(timeout=self.seconds + 2 * ANSWER_SECS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise Failure("wrk does not end") from None
        told = [line.split()[1:] for line in out.splitlines() if line.startswith("BENCH ")]
        if not told:
            raise Failure(f"wrk said: {out[-1000:]}")
        count, took, median, p99, slowest, refused, broken, size = map(int, told[0])
        return Load(count / (took / 1e6), median / 1e3, p99 / 1e3, slowest / 1e3, refused, broken,
                    size / (took / 1e6))
