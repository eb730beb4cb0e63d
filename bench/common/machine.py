"""What stands beside every figure: machine, kernel, disk, commit."""
import datetime
import os
import pathlib
import platform
import subprocess
import tempfile

from . import places


def _first(path, key):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return "unknown"


def _git(*words):
    return subprocess.run(["git", *words], cwd=places.ROOT, capture_output=True, text=True).stdout.strip()


def describe():
    disk = subprocess.run(["findmnt", "-no", "FSTYPE,SOURCE", "--target", tempfile.gettempdir()], capture_output=True, text=True)
    memory = int(_first("/proc/meminfo", "MemTotal").split()[0]) / 2**20
    return {
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short=10", "HEAD") + ("+" if _git("status", "--porcelain") else ""),
        "processor": _first("/proc/cpuinfo", "model name"), "cores": os.cpu_count(), "memory_gib": round(memory, 1),
        "kernel": platform.release(), "disk": disk.stdout.strip(),
    }
