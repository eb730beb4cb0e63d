"""The servers under test: Sluice, or Apache RocketMQ to prove the cases themselves. Both are one broker and one name server."""
import os
import random
import signal
import socket
import subprocess
import threading
import time

from .case import Failed, Skipped

_ports_lock = threading.Lock()
_ports_taken = set()


def free_ports():
    """A broker port and a name-server port; the broker port's neighbours -2 and +1 (Apache takes them) are free too."""
    with _ports_lock:
        for _ in range(1000):
            p = random.randrange(15000, 30000, 8)  # below the range the system gives to clients
            if p not in _ports_taken and all(_is_free(p + d) for d in range(5)):
                _ports_taken.add(p)
                return p + 2, p + 4
    raise Failed("no free ports")


def _is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("", port))
            return True
        except OSError:
            return False


def answers(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


class Server:
    """What the cases use: port, namesrv_port, ns (host:port), start(), stop() (SIGTERM), kill() (SIGKILL), pid."""

    kind = ""

    def __init__(self, nursery, directory, settings=None):
        self.nursery, self.directory, self.settings = nursery, directory, dict(settings or {})
        self.port, self.namesrv_port = free_ports()
        self.ns = f"127.0.0.1:{self.namesrv_port}"
        self.addr = f"127.0.0.1:{self.port}"
        directory.mkdir(parents=True, exist_ok=True)


class SluiceServer(Server):
    kind = "sluice"

    def __init__(self, nursery, directory, binary, settings=None, verb="serve"):
        super().__init__(nursery, directory, settings)
        self.binary, self.verb, self.process = binary, verb, None
        self.log = directory / "server.log"

    def argv(self):
        pairs = {"listenPort": self.port, "namesrvListenPort": self.namesrv_port, "storePathRootDir": self.directory / "store",
                 **self.settings}
        argv = [str(self.binary), self.verb]
        for key, value in pairs.items():
            if value is not None:
                argv += ["--set", f"{key}={value}"]
        return argv

    def start(self, seconds=20):
        with open(self.log, "ab") as log:
            self.process = self.nursery.spawn(self.argv(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory)
        end = time.monotonic() + seconds
        ports = [self.namesrv_port] if self.verb == "namesrv" else [self.port, self.namesrv_port]
        while not all(answers(p) for p in ports):
            if self.process.poll() is not None:
                raise Failed(f"sluice {self.verb} ended with {self.process.returncode}: {self.log_end()}")
            if time.monotonic() > end:
                raise Failed(f"sluice {self.verb} does not answer on ports {ports} after {seconds} s: {self.log_end()}")
            time.sleep(0.02)
        return self

    @property
    def pid(self):
        return self.process.pid

    def stop(self, seconds=30):
        self.process.terminate()
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"the server did not end within {seconds} s after SIGTERM") from None
        if code not in (0, -signal.SIGTERM):
            raise Failed(f"the server ended with {code} after SIGTERM: {self.log_end()}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def alive(self):
        return self.process.poll() is None

    def log_end(self):
        text = self.log.read_text(errors="replace").strip() if self.log.exists() else ""
        return text[-400:].replace("\n", " | ") or "(no output)"


class ApacheServer(Server):
    kind = "apache"

    def __init__(self, nursery, directory, script, settings=None):
        # On a machine this small Apache turns sends away that waited 200 ms; that is not what the cases are about.
        super().__init__(nursery, directory, {"waitTimeMillsInSendQueue": 5000, **(settings or {})})
        self.script = script

    def run(self, *words, seconds=130):
        argv = [str(self.script), "--dir", str(self.directory), "--namesrv-port", str(self.namesrv_port), "--port", str(self.port),
                "--timeout", "120"]
        for key, value in self.settings.items():
            argv += ["--set", f"{key}={value}"]
        # To a file, not a pipe: the servers it starts in the background would keep a pipe open.
        with open(self.directory / "script.log", "ab+") as log:
            child = self.nursery.spawn([*argv, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                code = child.wait(seconds)
            except subprocess.TimeoutExpired:
                raise Failed(f"{' '.join(words)} did not end within {seconds} s") from None
        if code != 0:
            raise Failed(f"{' '.join(words)}: {self.log_end()}")

    def log_end(self):
        return (self.directory / "script.log").read_text(errors="replace").strip()[-400:].replace("\n", " | ")

    def start_namesrv(self):
        try:
            self.run("--jvm", "-XX:TieredStopAtLevel=1", "namesrv", "start")
        finally:
            self._adopt("namesrv")

    def start_broker(self):
        try:
            self.run("--heap", "768m", "--jvm", "-XX:-AlwaysPreTouch", "broker", "start")
        finally:  # also one that is not ready in time runs, and must not stay
            self.pid = self._adopt("broker-a")

    def start(self):
        if not answers(self.namesrv_port):
            self.start_namesrv()
        self.start_broker()
        return self

    def _adopt(self, role):
        try:
            pid = int((self.directory / role / "pid").read_text())
        except (OSError, ValueError):
            return None
        self.nursery.adopt(pid)
        return pid

    def stop(self, seconds=130):
        self.run("broker", "stop", seconds=seconds)

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        # The first thread of a JVM can be dead while others still hold its ports.
        while self.alive() or answers(self.port):
            time.sleep(0.02)

    def alive(self):
        try:
            with open(f"/proc/{self.pid}/stat") as f:
                return f.read().rsplit(")", 1)[1].split()[0] != "Z"
        except FileNotFoundError:
            return False


def peers_script(root):
    """Apache's start script: not part of the project; found by SLUICE_PEERS or beside the repository, else Skipped."""
    places = [os.environ.get("SLUICE_PEERS"), root.parent / "shared" / "peers"]
    for place in places:
        if place and os.access(os.path.join(place, "rocketmq", "rocketmq"), os.X_OK):
            return os.path.join(place, "rocketmq", "rocketmq")
    raise Skipped("no Apache RocketMQ here (SLUICE_PEERS names the folder with rocketmq/rocketmq)")
