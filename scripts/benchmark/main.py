"""The measurement from begin to end."""
import pathlib
import shutil
import sys
import tempfile

from . import data, extras, options as asked_for, report, servers, sqlite
from .feed import Reader
from .load import Driver
from .questions import questions
from .say import Failure, median, say


def main():
    """Runs it; the exit code."""
    try:
        text = measure(asked_for.find(asked_for.parse()))
    except Failure as failure:
        print(f"scripts/bench: {failure}", file=sys.stderr)
        return 1
    print(text)
    return 0


def measure(options):
    """The report."""
    where = report.machine_line()
    material = data.make(options)
    work = pathlib.Path(tempfile.mkdtemp(prefix="tessera-bench-"))
    try:
        text = report.head(options, where) + "\n\n" + in_folder(options, material, work) + "\n"
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return text


def in_folder(options, material, work):
    """Everything that needs a place of its own."""
    folder = work / "data"
    imported = servers.fill(options, material, folder)
    secret = servers.token(options, folder)
    fixed = work / "fixed"
    fixed.mkdir()
    beside = {} if options.only else sqlite.measure(options, material, work / "beside.db")
    with servers.tessera(options, folder, work) as server:
        say(f"listening after {server.start_secs:.2f} s")
        memory = {"after the start": server.memory()}
        starts = {"start, s": server.start_secs, "index and checkpoint made, s": servers.settle(server, secret)}
        memory["when the index and the checkpoint are made"] = server.memory()
        driver = Driver(options, work, server.address, secret)
        asked = [one for one in questions(options.tickets) if not options.only or one.name in options.only]
        first = first_answers(asked, server.address, secret, fixed)
        with servers.static(options, fixed, work) as still:
            beside_static = Driver(options, work, still.address)
            measured = {one.name: ask(options, one, first[one.name], (driver, beside_static)) for one in asked}
        memory["after the questions"] = server.memory()
        parts = [report.questions(options, asked, measured, beside)]
        if not options.only:
            parts += whole_runs(options, (server, secret), beside, work)
        memory["after all, with what was made"] = server.memory()
        parts.append(report.process(imported, starts, memory))
    return "\n\n".join(parts)


def first_answers(asked, address, secret, fixed):
    """One answer of each question, kept for the static server; the status where there is none."""
    reader, found = Reader(address, secret), {}
    for question in asked:
        status, body = reader.get(question.requests[0][1])
        found[question.name] = status
        if status == 200:
            (fixed / question.name).write_bytes(body)
        else:
            say(f"{question.name} answered {status}: {body[:200]!r}")
    reader.close()
    return found


def ask(options, question, status, drivers):
    """One question with each number of connections, and the static server in turn with it."""
    if status != 200:
        return amiss(options, question, f"answers {status}", status != 501)
    say(f"{question.name}: {question.text}")
    driver, still = drivers
    fixed = [("GET", f"/{question.name}", "")]
    mine, static = {}, {}
    for count in options.connections:
        mine[count], static[count] = [], []
        for _ in range(options.runs):
            mine[count].append(driver.run(question.requests, count, options.seconds))
            static[count].append(still.run(fixed, count, options.seconds).per_sec)
        failed = sum(load.refused + load.broken for load in mine[count])
        if failed:
            return amiss(options, question, f"{failed} failed", True)
    middle = lambda loads, name: median(getattr(load, name) for load in loads)  # noqa: E731
    values = {count: {name: middle(loads, name) for name in ("median", "per_sec", "p99")}
              for count, loads in mine.items()}
    return values, {count: median(rates) for count, rates in static.items()}


def amiss(options, question, text, is_fault):
    """What stands in the place of the figures; a quick run is there to end with it."""
    if options.quick and is_fault:
        raise Failure(f"{question.name}: {text}")
    return text, None


def whole_runs(options, served, beside, work):
    """What is measured once: the feed, writing, light beside heavy."""
    server, secret = served
    driver, other = (Driver(options, folder, server.address, secret) for folder in (work, work / "fixed"))
    found = extras.pages(server.address, secret, options)
    parts = [report.feed(found, beside, options.tickets)]
    updates = extras.beside_updates(driver, other, options)
    scans = extras.beside_scans(driver, other, options)
    parts.append(report.beside(updates, scans))
    written = extras.writing(driver, options)
    parts.append(report.writes(written, extras.mixed(driver, options), beside))
    return parts
