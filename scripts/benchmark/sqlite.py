"""The same tickets in SQLite, in this process: each question's milliseconds, the middle one of its runs."""
import datetime
import json
import random
import sqlite3
import time

from .questions import SINCE, UNTIL
from .say import median, say

# A question is asked at least so often, and again for so long.
RUNS, SECONDS = 5, 1.0
INSERTS = 300

TABLES = """
create table customers(id integer primary key, name text, email text, department text);
create table tickets(id integer primary key, title text, description text, status text, priority text,
  category text, source text, requester_id integer, assignee_id integer, team_id integer, tags text,
  created integer, updated integer, resolved integer, due integer);
create table comments(id integer primary key, ticket_id integer, body text, internal integer, created integer);
"""
INDEXES = """
create index by_state on tickets(status, priority, created);
create index by_created on tickets(created);
create index by_ticket on comments(ticket_id);
analyze;
"""


def _seconds(text):
    return text and int(datetime.datetime.fromisoformat(text).timestamp())


def _rows(path):
    if path.exists():
        with open(path, encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _ticket(row):
    plain = ("Id", "Title", "Description", "Status", "Priority", "Category", "Source", "RequesterId",
             "AssigneeId", "TeamId")
    times = ("CreatedDateTime", "UpdatedDateTime", "ResolvedDateTime", "DueDateTime")
    return (*(row[name] for name in plain), ";".join(row["Tags"]), *(_seconds(row[name]) for name in times))


def build(material, file):
    """A database with the data and the indexes the questions want."""
    say("building the same in SQLite")
    base = sqlite3.connect(file, isolation_level=None)
    base.executescript("pragma journal_mode=wal; pragma synchronous=off; pragma cache_size=-262144; begin;"
                       + TABLES)
    customer = lambda row: (row["Id"], row["Name"], row["Email"], row["Department"])  # noqa: E731
    comment = lambda row: (row["Id"], row["TicketId"], row["Body"], row["IsInternal"],  # noqa: E731
                           _seconds(row["CreatedDateTime"]))
    for name, width, shape in (("customers", 4, customer), ("tickets", 15, _ticket), ("comments", 5, comment)):
        rows = map(shape, _rows(material / f"{name}.jsonl"))
        base.executemany(f"insert into {name} values({','.join('?' * width)})", rows)
    base.execute("commit")
    base.executescript(INDEXES + "pragma synchronous=full;")
    return base


def _asked(base, count):
    """Each question as a function that asks once and fetches every row."""
    dice = random.Random(7)
    since, until = _seconds(SINCE), _seconds(UNTIL)
    every = lambda text, *values: base.execute(text, values).fetchall()  # noqa: E731

    def counted(where, order):
        every(f"select count(*) from tickets where {where}")
        every(f"select * from tickets where {where} order by {order} limit 50")

    def expanded():
        found = every("select * from tickets order by id limit 50 offset ?", dice.randrange(count - 50))
        for row in found:
            every("select * from comments where ticket_id=?", row[0])
            every("select * from customers where id=?", row[7])

    return {
        "Q1": lambda: every("select * from tickets where id=?", dice.randint(1, count)),
        "Q2": lambda: every("select * from tickets order by id limit 100"),
        "Q3": lambda: counted("status='Open' and priority='High'", "created desc"),
        "Q4": lambda: counted("instr(title,'printer')>0", "id"),
        "Q5": lambda: every("select id,title,status from tickets where created>=? and created<? order by id"
                            " limit 1000", since, until),
        "Q7": lambda: every("select status,priority,strftime('%Y-%m',created,'unixepoch') as month,count(*),"
                            "avg((resolved-created)/3600.0) from tickets group by 1,2,3"),
        "Q8": expanded,
        "Q9": lambda: every("select * from tickets order by created,id limit 50 offset ?", count // 2),
    }


def _insert(base, count):
    """Durable inserts, one after the other; milliseconds of one."""
    text = f"insert into tickets values({','.join('?' * 15)})"
    began = time.monotonic()
    for at in range(INSERTS):
        base.execute(text, (count + 1_000_000 + at, "printer", "It blinks. " * 40, "Open", "High", "Other",
                            "web", 1, None, None, "laptop;vpn", 0, 0, None, None))
    return (time.monotonic() - began) / INSERTS * 1e3


def measure(options, material, file):
    """Milliseconds by question; Q6 as milliseconds for the whole."""
    base = build(material, file)
    times = {}
    for name, ask in _asked(base, options.tickets).items():
        took, began = [], time.monotonic()
        while len(took) < RUNS or (time.monotonic() - began < SECONDS and not options.quick):
            start = time.perf_counter()
            ask()
            took.append((time.perf_counter() - start) * 1e3)
        times[name] = median(took)
    began = time.perf_counter()
    for _ in base.execute("select * from tickets order by id"):
        pass
    times["Q6"] = (time.perf_counter() - began) * 1e3
    times["Q10"] = _insert(base, options.tickets)
    base.close()
    return times
