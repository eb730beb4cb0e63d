"""Runs the load generator against a server; see `build/bench/rmqload --help` for its modes and figures."""
import json
import subprocess

from . import places, processes


_CHECKS = ("disconnects", "bad_frames", "queues_not_dense", "bad_bodies", "bad_crcs", "offset_gaps", "lost", "doubles", "unanswered")


class LoadFailed(Exception):
    """A check of the load generator did not hold: an error answer, a gap, a wrong body."""


def run(arguments, server, seconds=None, core=processes.LOAD_CORE, refusals=False):
    """The figures of one load, as a dict. Raises LoadFailed when one of its checks failed; `refusals` lets a server that refuses
    requests (a cold peer does) go on, and leaves them in the figures as "errors"."""
    timed = ["--seconds", str(seconds)] if seconds else []
    command = [places.load_generator(), *map(str, arguments), *timed, "--addr", server.address, "--server-pid", str(server.pid)]
    pin = ["--cpu", str(core)] if core is not None else []
    done = subprocess.run([*command, *pin], capture_output=True, text=True)
    if not done.stdout:
        raise LoadFailed(f"{server.name}: rmqload {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    figures = json.loads(done.stdout.splitlines()[-1])
    server.written += figures.get("acked_total", 0) * figures.get("size", 0)
    sound = not any(figures.get(check) for check in _CHECKS)
    if not figures["ok"] and not (refusals and figures["errors"] and sound):
        raise LoadFailed(f"{server.name}: rmqload {' '.join(map(str, arguments))}: {done.stdout.splitlines()[-1]}")
    return figures


def probe(server, since_ns, seconds=60):
    """Tries until a send succeeds; milliseconds from `since_ns` (CLOCK_REALTIME) to that."""
    return run(["probe", "--since-ns", since_ns, "--timeout", seconds], server, core=None)["first_send_ms"]


def create_topics(server, topic, count, queues=4):
    run(["create", "--topic", topic, "--topics", count, "--queues", queues], server)
