"""Clients of one namespace: `north%topic` to the broker, `topic` to the program, as Java's client has it."""
from .. import remoting
from ..case import case, check
from .groups import connections
from .sending import once

SPACE = "north"


@case("one-namespace-cpp-java540", limit=150)
def _(c):
    """Both clients send and share a group's queues by plain names; what failed comes again through the group's own retry topic."""
    topic, group, n = c.name("t"), c.name("g"), 20
    remoting.create_topic(c.server.port, f"{SPACE}%{topic}", 4)
    words = {"topic": topic, "namespace": SPACE}
    members = [c.consumer(client, group=group, name=client, fail=1, levels=1, **words) for client in ("cpp", "java540")]
    c.until(lambda: len(connections(c, f"{SPACE}%{group}")) == 2, 20, "both members under the whole name of the group")
    pull = c.driver("cpp", "litepull", group=c.name("pull"), how="subscribe", n=2 * n, quiet=60000, **words)
    pop = c.driver("cpp", "pop", group=c.name("pop"), **words)
    for first, client in ((0, "cpp"), (n, "java540")):
        c.send(client, n, first=first, **words)
    expected = [f"p0/{i}" for i in range(2 * n)]
    c.until(lambda: sum(len(m.of("got")) for m in members) >= 4 * n, 60, "everything twice in the shared group")
    got = [e for m in members for e in m.of("got")]
    once([e for e in got if e["again"] == 0], expected)
    once([e for e in got if e["again"] == 1], expected, "messages that come again")
    for driver in (pull, pop):
        driver.wait_count("got", 2 * n, 60)
        once(driver.of("got"), expected)
        got += driver.of("got")
    strange = {e["topic"] for e in got} - {topic}
    check(not strange, f"programs were shown {sorted(strange)} where they know {topic}")


@case("pop-member-is-listed", against=("sluice",))
def _(c):
    """A simple consumer is a member of its group, for tools too."""
    topic, group = c.topic(queues=2), c.name("g")
    pop = c.driver("cpp", "pop", topic=topic, group=group, instance="lister")
    pop.wait_count("ready", 1, 20)
    c.until(lambda: len(connections(c, group)) == 1, 20, "the member")
    _, text, _ = c.sluice("group", "describe", group, "--namesrv", c.server.ns)
    check("lister" in text and f"{topic}: *" in text, f"`sluice group describe` says {text}")
    pop.finish()
