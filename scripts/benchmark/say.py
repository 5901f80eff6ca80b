"""Words to whoever waits, and numbers as they stand in the report."""
import sys
import time

STARTED = time.monotonic()


class Failure(Exception):
    """Something that ends the measurement and that the reader can do something about."""


def say(text):
    """A line of progress."""
    print(f"{time.monotonic() - STARTED:7.1f} s  {text}", file=sys.stderr, flush=True)


def median(numbers):
    """The middle one; of an even number the lower of the two."""
    ordered = sorted(numbers)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def number(value):
    """Three significant figures, thousands apart; a dash for nothing."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 1:
        return f"{value:.3g}"
    return f"{value:.2g}"


def ratio(value, other):
    """How many times the other, as in '3.2 ×'."""
    return f"{number(value / other)} ×" if value and other else "–"


def table(head, rows):
    """A Markdown table; the first column to the left, the others to the right."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)
