"""Tickets in Tessera's import shape, made once and kept below target/bench."""
import subprocess
import sys

from .options import ROOT, SHARED
from .say import Failure, say

# In the order in which they refer to each other.
SETS = ("customers", "users", "teams", "tickets", "comments")
GENERATE_SECS = 3600


def _run(arguments):
    done = subprocess.run([sys.executable, *map(str, arguments)], timeout=GENERATE_SECS, check=False)
    if done.returncode != 0:
        raise Failure(f"'{arguments[0].name}' ended with {done.returncode}")


def make(options):
    """The folder with the files to import."""
    folder = ROOT / "target" / "bench" / f"{options.tickets}-{options.comments}"
    ready = folder / "ready"
    if not ready.exists():
        say(f"generating {options.tickets:,} tickets, {options.comments} comments each")
        folder.mkdir(parents=True, exist_ok=True)
        _run([SHARED / "gen_tickets.py", options.tickets, folder / "made", "--no-csv"])
        extra = ["--comments", options.comments] if options.comments else []
        _run([SHARED / "to_tessera.py", folder / "made", folder, *extra])
        for file in (folder / "made").iterdir():
            file.unlink()
        (folder / "made").rmdir()
        ready.touch()
    return folder


def files(folder):
    """Entity set and file of each set there is."""
    found = ((name, folder / f"{name}.jsonl") for name in SETS)
    return [(name.capitalize(), path) for name, path in found if path.exists()]
