"""Where things are, and what is missing. The load generator and the peers lie outside the repository:
SLUICE_LOAD is the folder of rmqload.cpp, SLUICE_PEERS the folder with the scripts that start the peers."""
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LOAD = pathlib.Path(os.environ.get("SLUICE_LOAD", ROOT.parent / "shared" / "load"))
PEERS = pathlib.Path(os.environ.get("SLUICE_PEERS", ROOT.parent / "shared" / "peers"))
ROCKETMQ = PEERS / "rocketmq" / "rocketmq"


def why_no_load():
    """Why nothing can be measured, or None."""
    if not (LOAD / "rmqload.cpp").exists():
        return f"no load generator: {LOAD}/rmqload.cpp is not there (set SLUICE_LOAD)"
    return None if shutil.which("g++") or shutil.which("clang++-19") else "no compiler for the load generator"


def why_no_rocketmq():
    """Why Apache RocketMQ cannot be run, or None. Its jars must have been fetched (`rocketmq fetch`)."""
    if not ROCKETMQ.exists():
        return f"no peer: {ROCKETMQ} is not there (set SLUICE_PEERS)"
    if not shutil.which("java"):
        return "no peer: it needs Java"
    cache = pathlib.Path(os.environ.get("RMQ_CACHE", pathlib.Path.home() / ".cache/sluice-peers/rocketmq"))
    return None if any(cache.glob("*/lib/rocketmq-broker-*.jar")) else f"no peer: its jars are not fetched; run {ROCKETMQ} fetch"


def load_generator():
    """The program rmqload, built when it is missing or older than its source."""
    source, program = LOAD / "rmqload.cpp", ROOT / "build" / "bench" / "rmqload"
    if program.exists() and program.stat().st_mtime >= source.stat().st_mtime:
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    compiler = shutil.which("g++") or shutil.which("clang++-19")
    fresh = program.with_suffix(f".{os.getpid()}")
    subprocess.run([compiler, "-O2", "-std=c++20", "-pthread", "-o", fresh, source], check=True)
    return fresh.rename(program)
