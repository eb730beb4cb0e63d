"""Servers to measure: Sluice, Apache RocketMQ, and the ceiling. Each is a context manager with `pid`, `port`, `address` and
`first_send_ms` (exec to the first send that succeeds); nothing of it is left behind afterwards.

    with Sluice(folder) as server:
        load.run(["produce", "--conns", "16"], server, seconds=5)
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from . import load, places, processes


class Server:
    """What they share: a folder of its own, a port, and the first send."""
    name = "server"

    def __init__(self, core=processes.SERVER_CORE):
        self.core = core
        self.written = 0  # bytes of bodies that load.run had stored
        self.prepared = set()  # what a benchmark made on it once
        self.pid = self.port = self.first_send_ms = self._child = self._exec_ns = None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"sluice-bench-{self.name}-"))

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def __enter__(self):
        try:
            places.load_generator()  # built before the clock starts
            self._start()
            self.first_send_ms = load.probe(self, self._exec_ns)
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        try:
            self._stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _spawn(self, command):
        self._exec_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
        self._child = processes.start_pinned(command, self.core, self.folder / "out.log")
        self.pid = self._child.pid

    def _stop(self):
        if self._child:
            processes.end(self._child)


class Sluice(Server):
    """The program of a build (default: the release preset), one reactor for its one core."""
    name = "sluice"

    def __init__(self, program=None, settings=None, **options):
        super().__init__(**options)
        self.program = program or places.ROOT / "build" / "release" / "sluice"
        self.settings = {"reactors": 1, "logLevel": "warn"} | (settings or {})

    def _start(self):
        self.port = processes.free_port()
        settings = self.settings | {"storePathRootDir": self.folder / "store", "listenPort": self.port, "namesrvListenPort": 0}
        words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        self._spawn([self.program, "serve", *words])


# Native epoll with one selector and one worker, a spin lock for the append: what serves it best on one core.
TUNED = {"useEpollNativeSelector": "true", "serverSelectorThreads": 1, "serverWorkerThreads": 1,
         "useReentrantLockWhenPutMessage": "false"}
TUNED_JVM = "-XX:-UseG1GC -XX:+UseParallelGC -XX:ActiveProcessorCount=1"


class RocketMQ(Server):
    """Apache RocketMQ, tuned, not yet warm: see warm.py. Its name server runs beside it, unpinned and idle."""
    name = "rocketmq"

    def __init__(self, settings=None, tuned=True, **options):
        super().__init__(**options)
        self.settings = (TUNED if tuned else {}) | (settings or {})
        self.jvm = TUNED_JVM if tuned else ""
        self._script = []

    def _start(self):
        self.port = processes.free_ports_around()
        self._script = [places.ROCKETMQ, "--dir", self.folder, "--port", str(self.port),
                        "--namesrv-port", str(processes.free_port())]
        self._call("namesrv", "start")
        sets = [word for key, value in self.settings.items() for word in ("--set", f"{key}={value}")]
        pin = ["--cpus", str(self.core)] if self.core is not None else []
        self._exec_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
        self._call(*sets, *pin, "--jvm", self.jvm, "broker", "start")
        self.pid = int(self._call("pid", "broker"))

    def _call(self, *words):
        done = subprocess.run([*self._script, *words], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"rocketmq {' '.join(map(str, words))}: {done.stderr.strip()}")
        return done.stdout.strip()

    def _stop(self):
        if self._script:
            if self.pid and os.path.exists(f"/proc/{self.pid}"):
                processes.resume(self.pid)
            subprocess.run([*self._script, "--timeout", "20", "stop"], capture_output=True)


class Ceiling(Server):
    """The least any broker has to do: reads frames, copies bodies into a mapped file, answers. `store` makes it parse and
    index as well, so that it can be read from; `sync` makes it fdatasync before it answers."""
    name = "ceiling"

    def __init__(self, store=False, sync=False, **options):
        super().__init__(**options)
        self.flags = ["--store"] * store + ["--sync"] * sync

    def _start(self):
        self.port = processes.free_port()
        self._spawn([places.load_generator(), "limit", "--port", self.port, "--file", self.folder / "log", *self.flags])
