"""How `sluice serve` starts, or refuses to in words that help; how much memory it holds when idle."""
import time

from ..case import case, check
from ..context import resident, short
from ..remoting import create_topic


def refused(c, *words):
    """Runs `sluice serve` that must end by itself with an error; gives what it wrote on standard error."""
    code, out, err = c.sluice("serve", *words, ok=False)
    check(code not in (0, None) and code > 0, f"sluice serve {' '.join(map(str, words))}: exit {code}")
    check(err.strip(), "it refuses without a word on standard error")
    return err


def names(text, *parts):
    for part in parts:
        check(str(part) in text, lambda: f"the message does not name {part!r}: {short(text)}")


@case("second-server-on-a-store-is-refused", group=None, against=("sluice",))
def _(c):
    server = c.new_server().start()
    other = c.new_server({"storePathRootDir": server.directory / "store"})
    text = refused(c, *other.argv()[2:])
    names(text, "lock", server.directory / "store")
    create_topic(server.port, "t")  # the first goes on
    server.stop()
    other.start()  # and the lock goes with its owner


@case("lock-of-a-killed-server-is-free", group=None, against=("sluice",))
def _(c):
    server = c.new_server().start()
    create_topic(server.port, "t")
    server.kill()
    server.start()


@case("bad-config-value-is-refused", group=None, against=("sluice",))
def _(c):
    for key, value, allowed in (("flushDiskType", "SOMETIMES", ("ASYNC_FLUSH", "SYNC_FLUSH")), ("listenPort", "99999", ("0", "65535")),
                                ("autoCreateTopicEnable", "perhaps", ("true", "false")), ("mappedFileSizeCommitLog", "3", ("1048576",))):
        names(refused(c, "--set", f"storePathRootDir={c.directory}/s", "--set", f"{key}={value}"), key, value, *allowed)


@case("unknown-config-key-suggests", group=None, against=("sluice",))
def _(c):
    names(refused(c, "--set", f"storePathRootDir={c.directory}/s", "--set", "listnPort=1"), "listnPort", "listenPort")


@case("config-file-is-read", group=None, against=("sluice",))
def _(c):
    """-c reads an Apache broker.conf; --set wins; a wrong line is named by file and number."""
    conf = c.directory / "broker.conf"
    conf.write_text("# as for Apache's broker\nbrokerName = broker-from-file\nlistenPort=1\nenablePropertyFilter=true\n")
    server = c.new_server()
    argv = server.argv
    server.argv = lambda: [*argv(), "-c", str(conf)]
    server.start()
    check("broker-from-file" in c.admin("clusterList", server=server), "clusterList does not show the name from the file")
    conf.write_text("brokerName=b\n\nflushDiskType=MAYBE\n")
    names(refused(c, "-c", conf), "broker.conf:3", "flushDiskType", "MAYBE")


@case("port-taken-is-said", group=None, against=("sluice",))
def _(c):
    server = c.new_server().start()
    text = refused(c, "--set", f"listenPort={server.port}", "--set", "namesrvListenPort=0", "--set", f"storePathRootDir={c.directory}/s")
    names(text, server.port)


@case("idle-memory", group=None, against=("sluice",), full_only=True)
def _(c):
    """An idle server, just started and after some traffic, is small."""
    server = c.new_server().start()
    create_topic(server.port, "t")
    time.sleep(5)  # idle is a state of time: nothing to wait for
    held = resident(server.pid)
    check(held <= 32 << 20, f"an idle server holds {held / (1 << 20):.1f} MiB")


@case("start-refuses-what-it-cannot-promise", group=None, against=("sluice",))
def _(c):
    """Settings whose silent neglect would break a promise: other folders, replication, access control."""
    for pair in ("storePathCommitLog=/elsewhere/commitlog", "brokerRole=SYNC_MASTER", "aclEnable=true"):
        code, _, err = c.sluice("serve", "--set", f"storePathRootDir={c.directory / 'store'}", "--set", pair, ok=False)
        key = pair.split("=")[0]
        check(code != 0 and key in err, f"with {pair} the start ended with {code}: {err}")
