"""How members share queues: every client computes the same, whatever the rule."""
import random

from ..case import case, check

RULES = ("AVG", "AVG_BY_CIRCLE", "CONSISTENT_HASH", "MACHINE_ROOM", "CONFIG")


def one_case(chance):
    """A line for the drivers' `allocate`: see Allocate.java."""
    rooms = [f"room{i}" for i in range(chance.randint(1, 4))]
    brokers = [chance.choice(["", f"{chance.choice(rooms)}@"]) + f"broker-{i}" for i in range(chance.randint(1, 4))]
    queues = sorted((f"topic{chance.randint(0, 99)}", b, i) for b in brokers for i in range(chance.randint(1, 17)))
    queues = [(queues[0][0], b, i) for _, b, i in queues]
    members = sorted({f"{chance.choice(rooms)}@10.0.{chance.randint(0, 3)}.{chance.randint(1, 99)}@{chance.randint(1, 99999)}#{i}"
                      for i in range(chance.randint(1, 20))})
    self = chance.choice(members) if chance.random() < 0.97 else "nobody@10.9.9.9@1"
    rule = chance.choice((*RULES, "MACHINE_ROOM_NEARBY"))
    config = [q for q in queues if chance.random() < 0.3]

    def text(some):
        return ",".join(f"{t}:{b}:{i}" for t, b, i in some)

    return "\t".join([rule, str(chance.randint(1, 20)), chance.choice(RULES[:3]), ",".join(chance.sample(rooms, chance.randint(1, len(rooms)))),
                      self, ",".join(members), text(sorted(queues)), text(config)])


@case("shares-are-those-of-java", against=("sluice",))
def _(c):
    """The C++ client's share of queues is the Java client's, in random cases of each rule."""
    n, seed = 3000 if c.full else 600, random.randrange(1 << 32)
    chance = random.Random(seed)
    table = c.directory / "table"
    table.write_text("".join(one_case(chance) + "\n" for _ in range(n)))
    own, java = (c.driver(client, "allocate", table=table).finish(60).of("share") for client in ("cpp", "java540"))
    check(len(own) == len(java) == n, f"{len(own)} and {len(java)} answers to {n} cases (seed {seed})")
    wrong = [i for i in range(n) if own[i]["queues"] != java[i]["queues"]]
    check(not wrong, lambda: f"{len(wrong)} of {n} shares differ (seed {seed}), the first of: {table.read_text().splitlines()[wrong[0]]}; "
          f"C++ {own[wrong[0]]['queues']}, Java {java[wrong[0]]['queues']}")
