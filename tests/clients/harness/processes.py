"""Child processes: every one of them is known to a Nursery, which ends them all when its owner is done."""
import json
import os
import signal
import subprocess
import threading
import time

from .case import Failed


class Nursery:
    """Knows the processes started through it; close() kills those still alive, with their children."""

    def __init__(self):
        self._lock = threading.Lock()
        self._children = []
        self._foreign = []  # pids of processes that a script started for us
        self._closed = False

    def spawn(self, argv, **options):
        with self._lock:
            if self._closed:
                raise Failed("stopped while starting " + str(argv[0]))
            child = subprocess.Popen(argv, start_new_session=True, **options)
            self._children.append(child)
        return child

    def adopt(self, pid):
        with self._lock:
            if not self._closed:
                self._foreign.append(pid)
                return
        kill_foreign(pid)

    def close(self):
        with self._lock:
            self._closed = True
            children, foreign = self._children, self._foreign
            self._children, self._foreign = [], []
        for child in children:
            kill_group(child)
        for pid in foreign:
            kill_foreign(pid)


def kill_foreign(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def kill_group(child):
    # The group is killed even when its leader has ended: a child of the leader may live on.
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    child.wait()


class Driver:
    """A driver process that prints JSON lines. `events` grows while it runs."""

    def __init__(self, nursery, what, argv, log_path, env, deadline):
        self.what = what
        self.events = []
        self._deadline = deadline
        self._log_path = log_path
        self._changed = threading.Condition()
        self._ended = False
        with open(log_path, "ab") as log:
            self.process = nursery.spawn(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=env)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                event = {"event": "noise", "text": line.decode(errors="replace").strip()}
            with self._changed:
                self.events.append(event)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def of(self, name):
        """The events called `name` so far."""
        return [e for e in list(self.events) if e["event"] == name]

    def wait(self, ready, seconds, what):
        """Until ready(self) is true; fails with `what` when the driver ends or time is up first."""
        end = min(time.monotonic() + seconds, self._deadline)
        with self._changed:
            while not ready(self):
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    how = "ended" if self._ended else f"waited {seconds:.0f} s in vain"
                    raise Failed(f"{self.what}: {how}, expected {what}{self._trouble()}")
                self._changed.wait(left)

    def quiet(self, seconds, most):
        """Waits until no event came for `seconds`, but no longer than `most`. For "and nothing more comes"."""
        end = time.monotonic() + most
        with self._changed:
            while time.monotonic() < end:
                seen = len(self.events)
                self._changed.wait_for(lambda: len(self.events) != seen or self._ended, seconds)
                if len(self.events) == seen or self._ended:
                    return

    def wait_count(self, name, n, seconds):
        seen, count = 0, 0

        def enough(_):
            nonlocal seen, count
            for e in self.events[seen:]:
                count += e["event"] == name
            seen = len(self.events)
            return count >= n

        try:
            self.wait(enough, seconds, f"{n} {name!r} lines")
        except Failed as e:
            raise Failed(f"{e} (got {count})") from None

    def tell_stop(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def finish(self, seconds=60):
        """Tells the driver to stop and waits for its good end."""
        self.tell_stop()
        self.wait(lambda d: d.events and d.events[-1]["event"] in ("done", "error"), seconds, "its end")
        last = self.events[-1]
        if last["event"] == "error":
            raise Failed(f"{self.what}: {last['why']}")
        self.process.wait()
        return self

    def kill(self):
        """Ends it at once. Everything it has printed is among the events then."""
        kill_group(self.process)
        self._reader.join(10)

    def _trouble(self):
        errors = [e["why"] for e in self.events if e["event"] in ("error", "failed")]
        if errors:
            return "; it said: " + errors[-1][:300]
        text = open(self._log_path, errors="replace").read().strip()
        return "; its log ends: " + text[-300:].replace("\n", " | ") if text else ""
