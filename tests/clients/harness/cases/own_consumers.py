"""The consumers of this project's own C++ client: alone, in groups with stock members, and asked by administrators."""
import itertools
import re

from ..case import case, check
from .admin import says
from .groups import connections, settle
from .mixed import wait_for_shares
from .sending import once


def names(numbers):
    return [f"p0/{i}" for i in numbers]


@case("stream-cpp")
def _(c):
    """Messages that are taken one after the other and settled one by one."""
    topic, n = c.topic(), 60
    consumer = c.consumer("cpp", topic=topic, group=c.name("g"), listener="stream", instances=2)
    wait_for_shares(c, consumer, topic, queues=4, instances=2)
    probes = len(consumer.of("got"))
    c.send("cpp", n, topic=topic)
    consumer.wait_count("got", probes + n, 60)
    consumer.quiet(1, 4)
    once([e for e in consumer.finish().of("got") if e["p"] != "probe"], names(range(n)))


def _share_pulls(c, first, second):
    """Two pull consumers in one group, one of each client: no message is left out, none comes to both once the queues are shared."""
    topic, group, total = c.topic(), c.name("g"), 0
    one, two = (c.driver(client, "litepull", topic=topic, group=group, how="subscribe", n=10**6, quiet=60000, name=name)
                for client, name in ((first, "a"), (second, "b")))

    def shared():
        nonlocal total
        c.send("java540", 16, topic=topic, first=total)
        total += 16
        one.quiet(1, 3)
        two.quiet(1, 3)
        last = [{e["q"] for e in d.of("got") if e["s"] >= total - 16} for d in (one, two)]
        return len(last[0]) == len(last[1]) == 2 and not last[0] & last[1]

    c.until(shared, 60, "two queues for each", every=1)
    seen = {e["s"] for d in (one, two) for e in d.of("got")}
    check(seen == set(range(total)), f"messages were left out: {sorted(set(range(total)) - seen)[:5]}")


for _first, _second in (("java540", "cpp"), ("cpp", "cpp")):
    case(f"two-pulls-share-{_first}-{_second}", limit=120)(lambda c, one=_first, two=_second: _share_pulls(c, one, two))


@case("pop-cpp", limit=120)
def _(c):
    """Simple consumers share all messages; what one does not acknowledge comes again when its lease is over."""
    topic, group, n = c.topic(queues=2), c.name("g"), 60
    c.send("cpp", n, topic=topic)
    consumers = c.driver("cpp", "pop", topic=topic, group=group, instances=3, invisible=3000, drop=4)
    consumers.wait_count("got", n + 1, 60)
    c.until(lambda: len(consumers.of("got")) >= n + 12 or again_all(consumers, n), 60, "what was dropped to come again")
    consumers.quiet(4, 12)
    got = consumers.finish().of("got")
    check({e["n"] for e in got} == set(names(range(n))), "a message never came")
    twice = [e for e in got if e["again"] > 0]
    check(len(got) == n + len(twice) and 4 <= len(twice) <= 12, f"{len(got)} came, {len(twice)} of them again")
    check(not consumers.of("failed"), lambda: consumers.of("failed")[0]["why"])


def again_all(consumers, n):
    return len(consumers.of("got")) - n >= 4


@case("pop-cpp-renews", limit=120)
def _(c):
    """A lease in hand is renewed: a message that takes three times its invisible time comes once."""
    topic = c.topic(queues=1)
    c.send("cpp", 4, topic=topic)
    consumers = c.driver("cpp", "pop", topic=topic, group=c.name("g"), instances=2, invisible=2000, batch=2, hold=3000, renew="true")
    consumers.wait_count("got", 4, 60)
    consumers.quiet(8, 16)
    once(consumers.finish().of("got"), names(range(4)))


@case("pop-cpp-in-order", limit=120)
def _(c):
    """With fifo each queue's messages come in order, to whoever asks."""
    topic, n = c.topic(queues=2), 40
    c.send("cpp", n, topic=topic)
    consumers = c.driver("cpp", "pop", topic=topic, group=c.name("g"), instances=3, batch=4, fifo="true")
    consumers.wait_count("got", n, 60)
    got = consumers.finish().of("got")
    once(got, names(range(n)))
    for q in (0, 1):
        offsets = [e["o"] for e in got if e["q"] == q]
        check(offsets == sorted(offsets), f"queue {q} came as {offsets}")


@case("pop-cpp-and-java-share", limit=150)
def _(c):
    """A Java push consumer in pop mode and C++ simple consumers in one group: every message once."""
    topic, group, n = c.topic(), c.name("g"), 200
    c.admin("setConsumeMode", "-b", c.server.addr, "-t", topic, "-g", group, "-m", "POP", "-q", "0")
    java = c.consumer("java540", topic=topic, group=group, pop=30000, threads=2)
    own = c.driver("cpp", "pop", topic=topic, group=group, instances=2, batch=2)
    c.send("java540", n, topic=topic, mode="async")
    c.until(lambda: len(java.of("got")) + len(own.of("got")) >= n, 90, "all messages")
    java.quiet(2, 6)
    once(own.finish().of("got") + java.finish().of("got"), names(range(n)))


def _broadcast_file(c, first, second):
    """A broadcasting consumer of one client goes on where one of the other stopped: both keep offsets in the same file."""
    topic, group = c.topic(queues=2), c.name("g")
    expected = 0
    for number, client in enumerate((first, second, first)):
        c.send("java540", 10, topic=topic, first=10 * number)
        consumer = c.consumer(client, topic=topic, group=group, model="BROADCASTING", instance="one", persist=1000)
        consumer.wait_count("got", 10, 60)
        consumer.quiet(2, 6)
        once(consumer.finish().of("got"), names(range(expected, expected + 10)), f"messages of run {number}, {client},")
        expected += 10


for _first, _second in itertools.permutations(("java540", "cpp")):
    case(f"broadcast-file-{_first}-{_second}", limit=150)(lambda c, one=_first, two=_second: _broadcast_file(c, one, two))


@case("mqadmin-asks-cpp", limit=180)
def _(c):
    """What administrators ask of a C++ member: its state, where it stands, to consume a message again."""
    topic, group = c.topic(queues=1), c.name("g")
    member = c.consumer("cpp", topic=topic, group=group)
    sent = c.send("cpp", 3, topic=topic)
    member.wait_count("got", 3, 40)
    client = connections(c, group)[0]["clientId"]
    text = c.admin("consumerStatus", "-g", group, "-i", client, ok=False)  # a property may name an Exception
    says(text, re.escape(topic), "PROP_CONSUME_TYPE|CONSUME_PASSIVELY")
    says(c.admin("consumerStatus", "-g", group, ok=False), re.escape(client))
    text = c.admin("queryMsgById", "-i", sent[0]["offsetId"], "-t", topic, "-g", group, "-d", client)
    says(text, "CR_SUCCESS")
    member.wait_count("got", 4, 20)
    member.finish()


@case("mqadmin-resets-cpp", limit=150)
def _(c):
    """A C++ group that is set back reads everything again, and a member that is suspended by nobody goes on."""
    topic, group = c.topic(), c.name("g")
    member = c.consumer("cpp", topic=topic, group=group)
    c.send("cpp", 8, topic=topic)
    member.wait_count("got", 8, 60)
    member.quiet(1, 4)
    c.admin("resetOffsetByTime", "-g", group, "-t", topic, "-s", "1000")
    member.wait_count("got", 16, 60)
    c.send("cpp", 4, topic=topic, first=8)
    member.wait_count("got", 20, 60)
    settle(member)
    later = c.consumer("cpp", topic=topic, group=group)
    c.send("cpp", 1, topic=topic, first=99)
    later.wait_count("got", 1, 60)
    settle(later)
    check([e["s"] for e in later.of("got")] == [99], "the progress after the reset was not kept")


@case("own-consumers-on-apache", group=None, apache=True, limit=420, weight=200, against=("sluice",))
def _(c):
    """Each kind of consumer, and groups mixed with Java members, on Apache's broker."""
    server = c.new_apache().start()
    topic, n = c.topic(server=server), 40
    c.send("cpp", n, server, topic=topic)
    push = c.consumer("cpp", server, topic=topic, group=c.name("push"))
    stream = c.consumer("cpp", server, topic=topic, group=c.name("stream"), listener="stream")
    orderly = c.consumer("cpp", server, topic=topic, group=c.name("orderly"), listener="orderly")
    pops = c.driver("cpp", "pop", server, topic=topic, group=c.name("pop"), invisible=10000, drop=2)
    pulls = [c.driver("cpp", "litepull", server, topic=topic, group=c.name(how), how=how, n=n, quiet=60000) for how in ("assign", "subscribe")]
    for pull in pulls:
        once(pull.finish(90).of("got"), names(range(n)), "pulled messages")
    for driver in (push, stream, orderly):
        driver.wait_count("got", n, 90)
        settle(driver)
        once(driver.of("got"), names(range(n)))
    pops.wait_count("got", n + 2, 90)
    check({e["n"] for e in pops.finish().of("got")} == set(names(range(n))), "a message was never popped")
    mixed = [c.consumer(client, server, topic=topic, group=c.name("mixed")) for client in ("cpp", "java540")]
    c.until(lambda: len({e["n"] for d in mixed for e in d.of("got")}) == n, 90, "all messages in a mixed group")
    for driver in mixed:
        settle(driver)
