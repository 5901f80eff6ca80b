"""What was measured on: processor, cores, memory, the date, the commit."""
import datetime
import os
import pathlib
import subprocess

from .options import ROOT


def _field(path, name):
    try:
        lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = (line.split(":", 1)[1].strip() for line in lines if line.startswith(name))
    return next(found, None)


def _git(*arguments):
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True,
                          timeout=30, check=False)
    return done.stdout.strip()


def describe():
    """One line for the head of the report."""
    cpu = _field("/proc/cpuinfo", "model name") or "unknown processor"
    kib = int((_field("/proc/meminfo", "MemTotal") or "0 kB").split()[0])
    commit = _git("rev-parse", "--short", "HEAD") or "no commit"
    changed = " with changes" if _git("status", "--porcelain", "--untracked-files=no") else ""
    load = os.getloadavg()[0]
    today = datetime.date.today().isoformat()
    return (f"{cpu}, {os.cpu_count()} cores, {kib / 2**20:.0f} GiB of memory; {today}; commit {commit}{changed}; "
            f"load before: {load:.1f}")


def processor_secs(pid):
    """What a process has taken from the processor so far, seconds."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    of_user, of_kernel = text.rsplit(")", 1)[1].split()[11:13]
    return (int(of_user) + int(of_kernel)) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    """Resident memory of a process now and at most so far, bytes."""
    path = f"/proc/{pid}/status"
    found = (_field(path, name) for name in ("VmRSS", "VmHWM"))
    return tuple(int(text.split()[0]) * 1024 if text else None for text in found)
