"""Processes under measurement: pinned to cores, their CPU time and memory, their end."""
import os
import pathlib
import signal
import socket
import subprocess

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]


def free_port():
    """A port nobody listens on now. The two around it may be taken."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def free_ports_around():
    """A port that is free together with the one two below and the one above: Apache's broker takes all three."""
    while True:
        port = free_port()
        try:
            for neighbour in (port - 2, port, port + 1):
                with socket.socket() as s:
                    s.bind(("", neighbour))
            return port
        except OSError:
            continue


def start_pinned(command, core, log, **options):
    """The command on one core. Its output goes into the file `log`; None as core pins nothing."""
    pin = ["taskset", "-c", str(core)] if core is not None else []
    with open(log, "ab") as out:
        return subprocess.Popen([*pin, *map(str, command)], stdout=out, stderr=out, stdin=subprocess.DEVNULL, **options)


def end(child, seconds=20):
    """SIGTERM, and SIGKILL when that does not help in time."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def stop_cleanly():
    """Makes SIGTERM end this program as an interrupt does: servers are stopped and their folders removed."""
    def stop(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, stop)


def cpu_seconds(pid):
    """User and system time of all threads, to the nanosecond (a thread that ended is not in it)."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total / 1e9


def memory_mib(pid):
    """{"resident": …, "own": …} in MiB; own is what no file backs."""
    rows = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    mib = {key: int(rows[key].split()[0]) / 1024 for key in ("VmRSS", "RssAnon", "RssShmem")}
    return {"resident": mib["VmRSS"], "own": mib["RssAnon"] + mib["RssShmem"]}


def pause(pid):
    """Takes the process off the processors, so that another can be measured while it stays warm."""
    os.kill(pid, signal.SIGSTOP)


def resume(pid):
    os.kill(pid, signal.SIGCONT)
