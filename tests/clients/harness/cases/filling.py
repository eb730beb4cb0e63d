"""A disk that fills up: senders are told why, readers go on, and writing comes back by itself."""
import contextlib
import os
import subprocess
import tempfile

from ..case import Skipped, case, check
from ..remoting import SEND_MESSAGE, Connection, create_topic, send_fields

PULL_MESSAGE = 11
SIZE = 160 << 20


@contextlib.contextmanager
def small_disk():
    """A folder on a file system of its own of SIZE bytes."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", folder], capture_output=True).returncode == 0
        if not mounted:
            raise Skipped("mounting a small file system takes root")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def _fill(c, settings, *words, slowly=False):
    with small_disk() as disk:
        server = c.new_server({"storePathRootDir": disk + "/store", "mappedFileSizeCommitLog": 32 << 20, **settings}).start()
        create_topic(server.port, "t", 1)
        with Connection(server.port, timeout=30) as broker:
            def send():
                return broker.call(SEND_MESSAGE, send_fields("t"), b"x" * 4096)

            def newest(n):
                pull = {"consumerGroup": "g", "topic": "t", "queueId": 0, "queueOffset": n - 1, "maxMsgNums": 1, "sysFlag": 4,
                        "commitOffset": 0, "suspendTimeoutMillis": 0, "subscription": "*", "subVersion": 0}
                return broker.call(PULL_MESSAGE, pull)

            check(send().code == 0, "the first send was refused")
            ballast = os.open(disk + "/ballast", os.O_CREAT | os.O_WRONLY)
            os.posix_fallocate(ballast, 0, SIZE * 8 // 10)
            sent, refused = 1, None

            def one_more():
                nonlocal sent, refused
                answer = send()
                sent, refused = (sent + 1, None) if answer.code == 0 else (sent, answer)
                return refused is not None

            if slowly:  # so that the use of the disk is measured before the disk is full
                c.until(one_more, 10, "a refusal")
            while refused is None and sent < SIZE // 4096:
                one_more()
            check(refused is not None and refused.code == 14, f"a full disk was answered with {refused}")
            check(all(w in refused.remark for w in (disk, *words)), f"the refusal says: {refused.remark}")
            check(newest(sent).code == 0, "the last message that was taken cannot be read")
            os.ftruncate(ballast, 0)
            os.close(ballast)
            c.until(lambda: send().code == 0, 10, "a send after there was space again")
            check(newest(sent + 1).code == 0, "the message after that stands at the next offset")
        server.kill()
        server.start()
        with Connection(server.port, timeout=30) as broker:
            check(newest(sent + 1).code == 0, "the message is gone after a restart")
        server.stop()


@case("disk-full-refusal", group=None, against=("sluice",))
def _(c):
    """Above diskSpaceWarningLevelRatio sends are refused with path, use, limit and what to do."""
    _fill(c, {"diskReservedBytes": 0, "diskSpaceWarningLevelRatio": 60}, "diskSpaceWarningLevelRatio", "free space",
          slowly=True)


@case("disk-full-write", group=None, against=("sluice",))
def _(c):
    """Where the disk itself takes no more, the same: nothing half-written is seen, not after a kill either."""
    _fill(c, {"diskReservedBytes": 0, "diskSpaceWarningLevelRatio": 100, "diskSpaceCleanForciblyRatio": 95}, "free space")
