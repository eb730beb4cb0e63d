"""Builds the drivers once (into the build folder, again when their sources change) and knows how to start them."""
import hashlib
import os
import re
import shutil
import subprocess
import threading

from .case import Skipped

JVM = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xms64m", "-Xmx512m", "-Dfile.encoding=UTF-8"]


# What Maven and Go print when they cannot fetch a library. Any other failure is a fault of ours.
UNREACHABLE = re.compile(r"could not be resolved|Could not transfer|Unknown host|dial tcp|i/o timeout|x509|PKIX|no such host")


class Tool:
    """A driver that must be built, at most once a run. Where its libraries cannot be fetched the cases that need it are
    skipped; where it does not compile they fail."""

    def __init__(self, name, program, source, out, command):
        self.name, self.program, self.source, self.out, self.command = name, program, source, out, command
        self._lock, self._state = threading.Lock(), None

    def need(self):
        with self._lock:
            if self._state is None:
                self._state = self._build()
        if self._state != "":
            raise Skipped(self._state)
        return self.out

    def _build(self):
        stamp, wanted = self.out / ".stamp", self._sources()
        if stamp.exists() and stamp.read_text() == wanted:
            return ""
        if shutil.which(self.program) is None:
            return f"{self.program} is not installed (needed for {self.name})"
        self.out.mkdir(parents=True, exist_ok=True)
        log = self.out / "build.log"
        with open(log, "wb") as f:
            code = subprocess.call(self.command, cwd=self.source, stdin=subprocess.DEVNULL, stdout=f, stderr=f)
        if code != 0:
            text = log.read_text(errors="replace")
            lines = [x for x in text.splitlines() if "ERROR" in x] or text.splitlines() or ["no output"]
            if not UNREACHABLE.search(text):
                raise RuntimeError(f"building {self.name} failed, see {log}: {lines[0][:200]}")
            return f"the libraries of {self.name} cannot be fetched: {lines[0][:200]}"
        stamp.write_text(wanted)
        return ""

    def _sources(self):
        digest = hashlib.sha256(" ".join(map(str, self.command)).encode())
        for path in sorted(self.source.rglob("*")):
            if path.suffix in (".java", ".go", ".xml", ".mod", ".sum") and "target" not in path.parts:
                digest.update(path.read_bytes())
        return digest.hexdigest()


class Tools:
    def __init__(self, here, out, binary=None):
        self._binary = binary
        java, go = here / "java", here / "go"
        self._tools = {
            "java540": Tool("the Java client 5.4.0", "mvn", java, out / "java540",
                            ["mvn", "-q", "-B", "package", f"-Dout={out / 'java540'}"]),
            "java498": Tool("the Java client 4.9.8", "mvn", java, out / "java498",
                            ["mvn", "-q", "-B", "package", "-Dclient49", f"-Dout={out / 'java498'}"]),
            "go": Tool("the Go client", "go", go, out / "go", ["go", "build", "-o", str(out / "go" / "driver"), "."]),
        }

    def driver(self, client, home):
        """The command that starts a client's driver; its files go below home."""
        if client == "cpp":
            return [str(self._own_driver())]
        out = self._tools[client].need()
        if client == "go":
            return [str(out / "driver")]
        return self._java(out, home, "sluice.clients.Driver")

    def _own_driver(self):
        """The C++ client's driver is built with the server and stands beside it."""
        driver = self._binary.parent / "client-driver" if self._binary else None
        if driver is None or not driver.exists():
            raise Skipped("the C++ driver was not built: ninja sluice_client_driver in the folder of the server")
        return driver

    def mqadmin(self, home):
        return self._java(self._tools["java540"].need(), home, "org.apache.rocketmq.tools.command.MQAdminStartup")

    def _java(self, out, home, main):
        if shutil.which("java") is None:
            raise Skipped("java is not installed")
        return ["java", *JVM, f"-Duser.home={home}", "-cp", f"{out}/classes:{out}/lib/*", main]


def environment(home):
    """The environment of a driver: nothing of it may land in the real home, and no setting of ours may lead it elsewhere."""
    env = {k: v for k, v in os.environ.items() if k not in ("NAMESRV_ADDR", "JAVA_TOOL_OPTIONS")}
    return {**env, "HOME": str(home), "TZ": "UTC", "LC_ALL": "C.UTF-8"}
