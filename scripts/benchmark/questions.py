"""The questions of ../shared/bench/README.md as requests, and what is aimed at."""
import dataclasses
import json
import random
import urllib.parse

SINCE, UNTIL = "2024-01-01T00:00:00Z", "2024-04-01T00:00:00Z"
# Different requests of one question.
VARIETY = 5_000


@dataclasses.dataclass
class Question:
    """One question: what is sent, what it is called, what is aimed at."""

    name: str
    text: str
    requests: list
    aim: str = "–"


def get(path, **options):
    """A GET below /odata; options without their dollar."""
    quote = urllib.parse.quote
    query = "&".join(f"${name}={quote(value, safe=',()/')}" for name, value in options.items())
    return ("GET", f"/odata/{path}" + (f"?{query}" if query else ""), "")


def create():
    """A new ticket."""
    body = {"Title": "printer is not responding", "Description": "It blinks. " * 40, "Status": "Open",
            "Priority": "High", "RequesterId": 1, "Tags": ["laptop", "vpn"]}
    return ("POST", "/odata/Tickets", json.dumps(body))


def update(ticket, value):
    """A change of one ticket."""
    return ("PATCH", f"/odata/Tickets({ticket})", json.dumps({"Title": f"changed {value}"}))


def scan():
    """A count that has to look at every ticket."""
    expression = "length(concat(Title,RequesterName)) eq 1000"
    return get("Tickets", filter=expression, count="true", top="1", select="Id")


def newest():
    """Q3: the newest open tickets of high priority, and how many there are."""
    return get("Tickets", filter="Status eq 'Open' and Priority eq 'High'",
               orderby="CreatedDateTime desc", top="50", count="true")


def questions(count):
    """Q1 to Q5 and Q7 to Q9 for so many tickets."""
    dice = random.Random(7)
    point = [get(f"Tickets({dice.randint(1, count)})") for _ in range(VARIETY)]
    deep = [get("Tickets", expand="Comments,Requester", top="50", skip=str(dice.randrange(count - 50)))
            for _ in range(VARIETY)]
    months = f"CreatedDateTime ge {SINCE} and CreatedDateTime lt {UNTIL}"
    group = ("compute(year(CreatedDateTime) as Y,month(CreatedDateTime) as M)/groupby((Status,Priority,Y,M),"
             "aggregate($count as Cnt,ResolutionHours with average as AvgHours))")
    return [
        Question("Q1", "one ticket by its id", point, "≥ 40,000 req/s"),
        Question("Q2", "the first 100", [get("Tickets", top="100", orderby="Id")]),
        Question("Q3", "newest 50 open and high, with count", [newest()], "≥ 15,000 req/s"),
        Question("Q4", "titles with 'printer', 50 and count",
                 [get("Tickets", filter="contains(Title,'printer')", top="50", count="true")], "≤ 25 ms"),
        Question("Q5", "three columns of three months, 1,000 rows",
                 [get("Tickets", filter=months, select="Id,Title,Status", top="1000")]),
        Question("Q7", "count and average by status, priority, month", [get("Tickets", apply=group)],
                 "≤ 10 ms"),
        Question("Q8", "50 with comments and requester, anywhere", deep, "≤ 1 ms"),
        Question("Q9", "50 from half way, by date",
                 [get("Tickets", orderby="CreatedDateTime", skip=str(count // 2), top="50")], "≤ 0.2 ms"),
    ]


def mix(count):
    """Q11: Q1, Q3 and Q10 as 7 : 2 : 1."""
    dice = random.Random(11)
    one = lambda: get(f"Tickets({dice.randint(1, count)})")  # noqa: E731
    return [request for _ in range(500)
            for request in [one() for _ in range(7)] + [newest()] * 2 + [create()]]
