"""What a case is: a named promise and a function that keeps it or raises. Case modules register here when imported."""
import dataclasses
import typing


class Failed(Exception):
    """The promise is broken; the text says how."""


class Skipped(Exception):
    """The case cannot be tried here (a tool or a registry is missing); the text says why."""


def check(condition, why):
    """Fails the case with `why` (a text, or a function that makes it) unless the condition holds."""
    if not condition:
        raise Failed(why() if callable(why) else why)


@dataclasses.dataclass
class Case:
    name: str
    body: typing.Callable
    group: str | None  # cases of a group share one server; None: the case starts what it needs
    limit: float  # seconds
    against: tuple  # which servers it makes sense for: "sluice", "apache"
    full_only: bool
    weight: int  # cases with a higher weight start first: the long ones, so that the end is not a queue of one
    apache: bool  # starts Apache's servers, which want a core each while they start: one such case at a time


CASES: list[Case] = []


def case(name, group="shared", limit=90, against=("sluice", "apache"), full_only=False, weight=0, apache=False):
    """Registers the decorated function, which takes the Context, under `name`."""

    def register(body):
        if any(c.name == name for c in CASES):
            raise ValueError(f"two cases are called {name}")
        CASES.append(Case(name, body, group, limit, against, full_only, weight, apache))
        return body

    return register
