"""Runs the chosen cases, several at a time, each against its group's server, within its time limit."""
import concurrent.futures
import shutil
import tempfile
import threading
import time
import traceback
from pathlib import Path

from .case import Failed, Skipped
from .context import Context
from .processes import Nursery
from .server import ApacheServer, SluiceServer, peers_script
from .tools import Tools


class GroupServer:
    """One server for all cases of a group: starts when the first asks, ends when the last is done."""

    def __init__(self, make, users):
        self._make, self._users = make, users
        self._lock, self._server, self._nursery, self._why = threading.Lock(), None, Nursery(), None

    def __call__(self):
        with self._lock:
            if self._why is not None:
                raise type(self._why)(str(self._why))
            if self._server is None:
                try:
                    self._server = self._make(self._nursery).start()
                except (Failed, Skipped) as e:
                    self._why = e  # the others of the group need not wait for the same again
                    raise
            if not self._server.alive():
                raise Failed("the group's server is gone: " + self._server.log_end())
            return self._server

    def leave(self):
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._nursery.close()

    def close(self):
        self._nursery.close()


class Suite:
    def __init__(self, root, options):
        self.root, self.against, self.full = root, options.against, not options.quick
        self.binary = options.server
        self.tools = Tools(root / "tests" / "clients", options.drivers, self.binary)
        self.keep, self.jobs, self.kills = options.keep, options.jobs, options.kills
        self.directory = Path(tempfile.mkdtemp(prefix="sluice-clients-"))
        self._groups, self._running, self._lock = {}, {}, threading.Lock()
        self._stopping = False

    def make_server(self, nursery, directory, settings=None, verb="serve"):
        if self.against == "apache":
            return ApacheServer(nursery, directory, peers_script(self.root), settings)
        return SluiceServer(nursery, directory, self.binary, settings, verb)

    def run(self, cases, report):
        """Runs the cases and calls report(case, verdict, why, seconds) for each: "ok", "FAIL" or "skip"."""
        for case in cases:
            if case.group and case.group not in self._groups:
                users = sum(c.group == case.group for c in cases)
                self._groups[case.group] = GroupServer(
                    lambda nursery, g=case.group: self.make_server(nursery, self.directory / f"group-{g}"), users)
        threading.Thread(target=self._watch, daemon=True).start()
        ordered = sorted(cases, key=lambda c: -c.weight)
        with concurrent.futures.ThreadPoolExecutor(1) as slow, concurrent.futures.ThreadPoolExecutor(max(1, self.jobs - 1)) as pool:
            for case in ordered:
                (slow if case.apache else pool).submit(self._one, case, report)

    def _one(self, case, report):
        if self._stopping:
            return
        begin = time.monotonic()
        context = Context(self, case, self.directory / case.name, self._groups.get(case.group))
        with self._lock:
            self._running[case.name] = context
        verdict, why = "ok", ""
        try:
            case.body(context)
        except Skipped as e:
            verdict, why = "skip", str(e)
        except Failed as e:
            verdict, why = "FAIL", str(e)
        except Exception as e:  # a case that breaks is a failed case, and must not take the run with it
            place = traceback.extract_tb(e.__traceback__)[-1]
            verdict, why = "FAIL", f"{type(e).__name__}: {e} ({Path(place.filename).name}:{place.lineno})"
        if verdict == "FAIL" and time.monotonic() > context.deadline:
            why = f"over its limit of {case.limit:.0f} s; {why}"
        with self._lock:
            del self._running[case.name]
        context.close()
        if case.group:
            self._groups[case.group].leave()
        if not self._stopping:
            report(case, verdict, why, time.monotonic() - begin)

    def _watch(self):
        """Ends the processes of a case that is over its limit: whatever it waits for then fails."""
        while not self._stopping:
            with self._lock:
                late = [c for c in self._running.values() if time.monotonic() > c.deadline + 5]
            for context in late:
                context.close()
            time.sleep(1)

    def close(self):
        """Ends every process and removes every file, from whatever state."""
        self._stopping = True
        with self._lock:
            running = list(self._running.values())
        for context in running:
            context.close()
        for group in self._groups.values():
            group.close()
        # With their processes gone the cases end by themselves; until then they may still write, or adopt a server.
        end = time.monotonic() + 15
        while self._running and time.monotonic() < end:
            time.sleep(0.05)
        for group in self._groups.values():
            group.close()
        if self.keep:
            return
        for _ in range(20):  # a process that was just killed may still be writing a last file
            shutil.rmtree(self.directory, ignore_errors=True)
            if not self.directory.exists():
                return
            time.sleep(0.1)
