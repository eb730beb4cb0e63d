"""Sluice beside Apache's own servers, and the addresses that clients are told."""
import re

from ..case import case, check
from ..remoting import GET_ROUTE, Connection, create_topic
from .sending import once


def route_address(host, port, topic):
    """The broker's address in the answer of the name server when it is asked at that host."""
    with Connection(port, host) as ns:
        answer = ns.call(GET_ROUTE, {"topic": topic, "acceptStandardJsonOnly": "true"})
    check(answer.code == 0, f"the route is answered with {answer}")
    brokers = answer.json()["brokerDatas"]
    check(len(brokers) == 1, f"the route names {len(brokers)} brokers")
    return brokers[0]["brokerAddrs"]["0"]


def _round_trip(c, server, ns, topic, client="java540"):
    """Sends and receives through the given name server."""
    sent = c.send(client, 20, server, topic=topic, ns=ns)
    got_by = c.consumer(client, server, topic=topic, group=c.name("g-" + client), ns=ns)
    got_by.wait_count("got", 20, 60)
    once(got_by.finish().of("got"), [f"p0/{i}" for i in range(20)])
    return sent


@case("address-is-the-one-the-client-used", group="addresses", against=("sluice",))
def _(c):
    server, topic = c.server, c.topic()
    for host in ("127.0.0.1", "127.0.0.2", "127.1.2.3"):
        told = route_address(host, server.namesrv_port, topic)
        check(told == f"{host}:{server.port}", f"a client that asks at {host} is told {told}")


for _client in ("java540", "java498", "go"):

    def _through_another_address(c, client=_client):
        _round_trip(c, c.server, f"127.0.0.2:{c.server.namesrv_port}", c.name("t"), client)

    case(f"address-127.0.0.2-{_client}", group="addresses", against=("sluice",))(_through_another_address)


@case("address-brokerIP1-wins", group=None, against=("sluice",))
def _(c):
    server = c.new_server({"brokerIP1": "127.0.0.9"}).start()
    create_topic(server.port, "t")
    for host in ("127.0.0.1", "127.0.0.2"):
        told = route_address(host, server.namesrv_port, "t")
        check(told == f"127.0.0.9:{server.port}", f"a client that asks at {host} is told {told}")
    _round_trip(c, server, server.ns, "t")


@case("apache-broker-at-our-name-server", group=None, apache=True, against=("sluice",), limit=150, weight=65)
def _(c):
    """Apache's broker registers with `sluice namesrv`; clients and mqadmin find it there, and notice when it leaves."""
    broker = c.new_apache()
    ns = c.new_server({"listenPort": None, "storePathRootDir": c.directory / "ns"}, verb="namesrv").start()
    broker.namesrv_port, broker.ns = ns.namesrv_port, ns.ns
    broker.start_broker()
    _round_trip(c, broker, ns.ns, c.name("t"))
    c.admin("updateTopic", "-b", broker.addr, "-t", c.name("made"), server=ns)
    _round_trip(c, broker, ns.ns, c.name("made"), "go")
    check(re.search(re.escape(broker.addr), c.admin("clusterList", server=ns)), "clusterList does not show Apache's broker")
    broker.stop()
    with Connection(ns.namesrv_port) as asked:
        c.until(lambda: asked.call(GET_ROUTE, {"topic": c.name("t")}).code == 17, 20, "the end of the route after the broker left")


@case("our-broker-at-apache-name-server", group=None, apache=True, against=("sluice",), limit=150, weight=65)
def _(c):
    """Sluice registers with Apache's name server; clients and mqadmin find it there, and notice when it leaves."""
    apache = c.new_apache()
    apache.start_namesrv()
    server = c.new_server({"namesrvAddr": apache.ns}).start()
    create_topic(server.port, c.name("made"))
    with Connection(apache.namesrv_port) as asked:
        c.until(lambda: asked.call(GET_ROUTE, {"topic": c.name("made")}).code == 0, 40, "the topic at Apache's name server")
    _round_trip(c, server, apache.ns, c.name("made"))
    _round_trip(c, server, apache.ns, c.name("t"), "java498")
    check(re.search(re.escape(server.addr), c.admin("clusterList", server=apache)), "clusterList does not show our broker")
    check("not_registered" not in server.log.read_text(), "the name server dropped the registration meanwhile")
    server.stop()
    with Connection(apache.namesrv_port) as asked:
        c.until(lambda: asked.call(GET_ROUTE, {"topic": c.name("t")}).code == 17, 20, "the end of the route after we left")
