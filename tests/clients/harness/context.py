"""What a running case has at hand: its server, drivers, a folder of its own, and a clock that ends."""
import os
import subprocess
import time

from . import remoting
from .case import Failed, Skipped, check
from .processes import Driver, Nursery
from .server import ApacheServer, SluiceServer, peers_script
from .tools import environment


class Context:
    def __init__(self, suite, case, directory, server):
        self.suite, self.case, self.directory = suite, case, directory
        self.nursery = Nursery()
        # Apache's servers take half a minute and more to start again; limits are made for Sluice.
        self.deadline = time.monotonic() + case.limit * (3 if suite.against == "apache" else 1)
        self._server = server  # gives the group's server, started
        self._count = 0
        self.full = suite.full
        directory.mkdir(parents=True)

    def close(self):
        self.nursery.close()

    def name(self, what):
        """A topic or group name no other case has."""
        return f"{self.case.name}-{what}".replace(".", "_")

    @property
    def server(self):
        """The server this case shares with the others of its group."""
        return self._server()

    def new_server(self, settings=None, verb="serve"):
        """A server of this case alone, not started yet; ends with the case."""
        self._count += 1
        return self.suite.make_server(self.nursery, self.directory / f"server{self._count}", settings, verb)

    def new_apache(self, settings=None):
        """An Apache server whatever the suite runs against; skips the case where there is none."""
        self._count += 1
        return ApacheServer(self.nursery, self.directory / f"apache{self._count}", peers_script(self.suite.root), settings)

    def driver(self, client, command, server=None, **args):
        """Starts a driver ("java540", "java498", "go"); args become key=value words, `_` in a key stands for `.`."""
        self._count += 1
        argv = self.suite.tools.driver(client, self.directory)
        args.setdefault("ns", (server or self.server).ns)
        words = [f"{k.replace('_', '.')}={v}" for k, v in args.items()]
        log = self.directory / f"{self._count}-{client}-{command}.log"
        return Driver(self.nursery, f"{client} {command}", [*argv, command, *words], log, environment(self.directory), self.deadline)

    def topic(self, what="t", queues=4, server=None):
        """Creates a topic of this case with that many queues and gives its name."""
        name = self.name(what)
        remoting.create_topic((server or self.server).port, name, queues)
        return name

    def send(self, client, n, server=None, seconds=60, **args):
        """Sends n messages, waits for all acknowledgements and gives them."""
        sent = self.driver(client, "send", server, n=n, **args).finish(seconds).of("sent")
        if args.get("mode") != "oneway":
            check(len(sent) == n, f"{len(sent)} of {n} sends were acknowledged")
            bad = [e for e in sent if e["status"] != "SEND_OK"]
            check(not bad, lambda: f"send status {bad[0]['status']}")
        return sent

    def consumer(self, client, server=None, seconds=40, **args):
        """A started consumer driver: its push consumers are ready when this returns."""
        driver = self.driver(client, "consume", server, **args)
        driver.wait_count("ready", 1, seconds)
        return driver

    def run(self, argv, seconds=30, stdin=None, **options):
        """Runs a program to its end: (exit code, standard output, standard error)."""
        child = self.nursery.spawn(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=environment(self.directory), text=True, **options)
        try:
            out, err = child.communicate(stdin, timeout=min(seconds, self.left()))
        except subprocess.TimeoutExpired:
            raise Failed(f"{' '.join(map(str, argv[-4:]))}: no end after {seconds} s") from None
        return child.returncode, out, err

    def admin(self, *words, server=None, seconds=45, ok=True):
        """Runs mqadmin (each takes about two seconds of JVM) and gives what it printed."""
        env_ns = (server or self.server).ns
        code, out, err = self.run([*self.suite.tools.mqadmin(self.directory), *words, "-n", env_ns], seconds, cwd=self.directory)  # some leave files there
        text = out + err
        # mqadmin ends with 0 even when a command failed; only the stack trace on its output tells.
        broken = code != 0 or "Exception" in text
        check(not (ok and broken), lambda: f"mqadmin {words[0]} failed (exit {code}): {short(text)}")
        return text

    def sluice(self, *words, seconds=20, stdin=None, ok=True):
        """Runs the `sluice` command itself: (exit code, standard output, standard error)."""
        if self.suite.binary is None:
            raise Skipped("no sluice binary given")
        code, out, err = self.run([str(self.suite.binary), *map(str, words)], seconds, stdin, cwd=self.directory)
        check(not ok or code == 0, lambda: f"sluice {' '.join(map(str, words))}: exit {code}: {short(err + out)}")
        return code, out, err

    def left(self):
        return max(0.1, self.deadline - time.monotonic())

    def until(self, ready, seconds, what, every=0.1):
        """Polls ready() until it gives something true, and gives that."""
        end = time.monotonic() + min(seconds, self.left())
        while True:
            value = ready()
            if value:
                return value
            check(time.monotonic() < end, f"waited {seconds} s in vain for {what}")
            time.sleep(every)


def short(text, most=400):
    text = text.strip().replace("\n", " | ")
    return text if len(text) <= most else text[:most // 2] + " ... " + text[-most // 2:]


def resident_anonymous(pid):
    """Bytes of memory the process holds that no file backs."""
    with open(f"/proc/{pid}/status") as f:
        rows = dict(line.split(":", 1) for line in f)
    return int(rows["RssAnon"].split()[0]) * 1024


def resident(pid):
    with open(f"/proc/{pid}/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


