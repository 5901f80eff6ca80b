"""What is asked besides the questions: the feed, writing, and light requests beside heavy ones."""
import random

from . import feed
from .questions import create, get, mix, newest, scan, update
from .say import median, say

# A page of the feed counts as one of the first or of the last by its place: the first or last tenth.
ENDS = 10
UPDATES_PER_SEC = 2_000
UPDATERS = 64
SCANS = 4


def pages(address, token, options):
    """Q6: every ticket by following the links; the first time each text is compared with its digest."""
    passes = []
    for at in range(1 + options.runs):
        say("Q6: the whole feed, for the first time" if at == 0 else "Q6: the whole feed again")
        took, size = feed.read(address, token, "/odata/Tickets")
        passes.append((sum(took), took, size))
    first, *again = passes
    whole, took, size = sorted(again)[len(again) // 2]
    end = max(1, len(took) // ENDS)
    return {"rows_per_sec": options.tickets / whole * 1e3, "first_rows_per_sec": options.tickets / first[0] * 1e3,
            "ms": whole, "pages": len(took), "bytes": size,
            "first_ms": median(took[:end]), "last_ms": median(took[-end:])}


def writing(driver, options):
    """Q10 with each number of writers."""
    loads = {}
    for writers in options.connections:
        say(f"Q10: {writers} writers for {options.writing_seconds} s")
        loads[writers] = driver.run([create()], writers, options.writing_seconds)
    return loads


def mixed(driver, options):
    """Q11 over 32 connections."""
    say(f"Q11: reading and writing for {options.mixed_seconds} s")
    return driver.run(mix(options.tickets), 32, options.mixed_seconds)


def beside_updates(driver, other, options):
    """p99 of Q3 over one connection, alone and while tickets are changed."""
    say("Q3 alone, and beside changes")
    seconds = options.seconds * 2
    dice = random.Random(13)
    changes = [update(dice.randint(1, options.tickets), at) for at in range(20_000)]
    pause = UPDATERS * 1000 // UPDATES_PER_SEC
    alone, under, rates = [], [], []
    for _ in range(options.runs):
        alone.append(driver.run([newest()], 1, seconds).p99)
        writing = other.start(changes, UPDATERS, seconds * 1.5, pause)
        under.append(driver.run([newest()], 1, seconds).p99)
        rates.append(writing.end())
    return {"alone": median(alone), "under": median(under),
            "rate": median(load.per_sec for load in rates), "refused": sum(load.refused for load in rates)}


def beside_scans(driver, other, options):
    """p99 of Q1 over one connection, alone and while others count by looking at every row."""
    say("Q1 alone, and beside full scans")
    seconds = options.seconds * 2
    dice = random.Random(17)
    points = [get(f"Tickets({dice.randint(1, options.tickets)})") for _ in range(1000)]
    alone, under, scans = [], [], []
    for _ in range(options.runs):
        alone.append(driver.run(points, 1, seconds).p99)
        scanning = other.start([scan()], SCANS, seconds * 1.5)
        under.append(driver.run(points, 1, seconds).p99)
        scans.append(scanning.end())
    return {"alone": median(alone), "under": median(under), "scan": median(load.median for load in scans),
            "refused": sum(load.refused for load in scans)}
