"""Warming a server that compiles while it runs. A fair peer has used two minutes of CPU on what it is measured with."""
from . import load, processes

FAIR_CPU_SECONDS = 120
_LOADS = (["produce", "--conns", 16, "--depth", 64], ["produce", "--conns", 16, "--depth", 1],
          ["produce", "--conns", 16, "--depth", 4, "--batch", 32], ["pull", "--loop"])


def warm(server, cpu_seconds=FAIR_CPU_SECONDS):
    """Sends and pulls in turn until the server has used that much CPU time. Gives the seconds it has used."""
    load.run(["produce", "--topic", "warm", "--messages", 1000], server)  # makes the topic
    while True:
        for arguments in _LOADS:
            used = processes.cpu_seconds(server.pid)
            if used >= cpu_seconds:
                return used
            load.run([*arguments, "--topic", "warm"], server, seconds=min(8, max(1, cpu_seconds - used)), refusals=True)
