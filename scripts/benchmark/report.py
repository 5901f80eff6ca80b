"""The report: what was measured, on what, beside what."""
from . import machine
from .say import number, ratio, table

MIB, MB = 1 << 20, 1_000_000


def head(options, where):
    """What was measured on."""
    comments = f", {options.comments} comments each" if options.comments else ""
    return (f"{options.tickets:,} tickets{comments}; {where}.\n\nEach figure is the median of {options.runs} runs of "
            f"{options.seconds} s. wrk, the static server and Tessera share the machine; SQLite runs alone.")


def questions(options, asked, measured, sqlite):
    """Q1 to Q9."""
    names = [f"{count} conn." for count in options.connections]
    top = ["Question"] + [f"{name}, ms" for name in names] + [f"{name}, req/s" for name in names]
    top += ["SQLite, ms", "faster than SQLite", "static server, req/s", "share of static", "Aim"]
    rows = []
    for question in asked:
        mine, static = measured[question.name]
        title = f"{question.name} {question.text}"
        if isinstance(mine, str):
            rows.append([title] + [mine] + ["–"] * (len(top) - 3) + [question.aim])
            continue
        most = options.connections[-1]
        beside = static.get(most) if static else None
        times = [mine[count]["median"] for count in options.connections]
        rates = [mine[count]["per_sec"] for count in options.connections]
        theirs = sqlite.get(question.name)
        share = f"{rates[-1] / beside * 100:.0f} %" if beside else "–"
        rows.append([title, *map(number, times), *map(number, rates), number(theirs),
                     ratio(theirs, times[0]), number(beside), share, question.aim])
    return table(top, rows)


def feed(found, sqlite, count):
    """Q6."""
    rows = [
        ["Q6 the whole feed, rows/s", number(found["rows_per_sec"]), "≥ 300,000"],
        ["the first time after a start, rows/s", number(found["first_rows_per_sec"]), "–"],
        ["of it MiB/s", number(found["bytes"] / MIB / found["ms"] * 1e3), "–"],
        ["the same rows from SQLite in process, rows/s", number(count / sqlite["Q6"] * 1e3), "–"],
        [f"a page of the first tenth, ms (of {found['pages']} pages)", number(found["first_ms"]), "–"],
        ["a page of the last tenth, ms", number(found["last_ms"]), "± 20 % of the first"],
    ]
    return table(["The feed", "Measured", "Aim"], rows)


def writes(found, mixed, sqlite):
    """Q10 and Q11."""
    rows = [[f"Q10 durable creates a second, {writers} writers", number(load.per_sec), number(load.p99),
             load.refused + load.broken, "≥ 5,000/s" if writers > 1 else "–"] for writers, load in found.items()]
    rows.append(["SQLite in process, one writer, synchronous=full", number(1e3 / sqlite["Q10"]), "–", "–", "–"])
    rows.append(["Q11 the mix of 7 : 2 : 1, requests a second, 32 connections", number(mixed.per_sec),
                 number(mixed.p99), mixed.refused + mixed.broken, "–"])
    return table(["Writing", "a second", "p99, ms", "failed", "Aim"], rows)


def beside(updates, scans):
    """Light requests beside heavy ones."""
    name = f"Q3 under {number(updates['rate'])} changes a second"
    rows = [
        [name, number(updates["alone"]), number(updates["under"]), ratio(updates["under"], updates["alone"]),
         "≤ 3 ×"],
        [f"Q1 beside four scans of {number(scans['scan'])} ms", number(scans["alone"]), number(scans["under"]),
         ratio(scans["under"], scans["alone"]), "–"],
    ]
    failed = updates["refused"] + scans["refused"]
    note = f"\n\n{failed} of the heavy requests were refused." if failed else ""
    return table(["p99, one connection", "alone, ms", "beside, ms", "ratio", "Aim"], rows) + note


def process(imported, starts, memory):
    """Import, start, memory."""
    rows = [[f"import of {rows:,} {name}, rows/s", number(rows / took), "–"] for name, rows, took in imported]
    whole = sum(took for _, _, took in imported)
    rows.append(["import of everything, s", number(whole), "≤ 90 s for 1 M tickets"])
    rows += [[what, number(took), "≤ 10" if what.startswith("start") else "–"] for what, took in starts.items()]
    for when, (resident, most) in memory.items():
        aim = "≤ 600" if when == "after the start" else "–"
        rows.append([f"resident memory {when}, MB (at most so far)",
                     f"{number(resident / MB)} ({number(most / MB)})", aim])
    return table(["The process", "Measured", "Aim"], rows)


def machine_line():
    """What this runs on."""
    return machine.describe()
