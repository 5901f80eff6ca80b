"""What can be asked for on the command line, and where things are."""
import argparse
import pathlib
import shutil

from .say import Failure

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "bench"

ABOUT = """\
Generates tickets, imports them into a throwaway folder, serves them on the loopback interface and asks
the questions Q1 to Q11 of ../shared/bench/README.md; the same data in SQLite (in process) and the same
bytes from a static server are measured in the same run. Prints a Markdown report; progress goes to
standard error. Needs 'cargo build --release --bins --example static_server' and 'wrk'."""


def parse(arguments=None):
    """The options, checked."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("tickets", type=int, nargs="?", help="how many tickets [default: 100000]")
    add("--comments", type=int, default=0, metavar="K", help="make K comments a ticket")
    add("--quick", action="store_true", help="1,000 tickets, one short run: does everything work?")
    add("--runs", type=int, help="runs of each question; the median counts [default: 5]")
    add("--seconds", type=float, help="length of a run [default: 2]")
    add("--only", default="", metavar="Q1,Q3", help="only these questions")
    add("--profile", default="release", metavar="NAME", help="folder below target/ [default: release]")
    add("--output", type=pathlib.Path, metavar="FILE", help="write the report there, too")
    options = parser.parse_args(arguments)
    quick = options.quick
    options.tickets = options.tickets or (1_000 if quick else 100_000)
    options.runs = options.runs or (1 if quick else 5)
    options.seconds = options.seconds or (0.25 if quick else 2)
    options.only = {name.strip().upper() for name in options.only.split(",") if name.strip()}
    options.connections = (4,) if quick else (1, 32)
    options.writing_seconds = 0.25 if quick else 60
    options.mixed_seconds = 0.25 if quick else 20
    if options.tickets < 100:
        raise Failure("at least 100 tickets are needed")
    return options


def find(options):
    """Puts the programs into the options, or says what is missing and how to get it."""
    options.tessera = ROOT / "target" / options.profile / "tessera"
    options.static = ROOT / "target" / options.profile / "examples" / "static_server"
    options.wrk = shutil.which("wrk")
    build = "cargo build --release --bins --example static_server"
    for path in (options.tessera, options.static):
        if not path.exists():
            raise Failure(f"'{path.relative_to(ROOT)}' is missing; run '{build}'")
    if options.wrk is None:
        raise Failure("'wrk' is missing; install the package 'wrk'")
    if not (SHARED / "gen_tickets.py").exists():
        raise Failure(f"'{SHARED}' is missing: check out the shared material beside the repository")
    return options
