"""Tells what was measured: one line for each figure of each row, with medians, the ratios' spread, and the goals."""
import statistics

from .rounds import busy, figure

_HIGHER_IS_BETTER = {"msgs_per_s", "of_versus", "gib_written"}
_NOT_COMPARED = {"gib_written"}


def summary(result, rows):
    """For each row and figure: medians by side, ratios to the other sides by round, and whether its goal is met."""
    lines = []
    for row in rows:
        measured = result["rows"][row.key]
        if row.versus:
            divide(measured, result["rows"].get(row.versus, {}), row)
        names = [*row.figures, *([("of_versus", _versus(row))] if row.versus else [])]
        lines += [line for name, unit in names if (line := _line(row, measured, name, unit))]
    return lines


def _versus(row):
    return "messages/s, of the peer's with ASYNC_FLUSH" if row.sync else f"messages/s, of those of “{row.versus}”"


def divide(measured, versus, row):
    """Adds to each round how its messages/s compare with those of another row: for SYNC_FLUSH, of the peer without it."""
    base_side = "peer" if row.sync else None
    for side, rounds in measured.items():
        base = [f["msgs_per_s"] for f in versus.get(base_side or side, [])]
        for figures in rounds if base else []:
            figures["of_versus"] = figures["msgs_per_s"] / statistics.median(base)


def _line(row, measured, name, unit):
    values = {side: [v for f in rounds if (v := figure(f, name)) is not None] for side, rounds in measured.items()}
    if not values.get("sluice"):
        return None
    line = {"row": row.title, "key": row.key, "figure": name, "unit": unit, "values": values,
            "median": {side: statistics.median(v) for side, v in values.items() if v}}
    line["better_than"] = {} if name in _NOT_COMPARED else {
        side: spread for side in ("peer", "before", "ceiling") if (spread := _ratios(values, side, name in _HIGHER_IS_BETTER))}
    line["goals"] = list(_goals(row, name, line))
    line["disturbed"] = any(busy(f) for rounds in measured.values() for f in rounds)
    return line


def _ratios(values, side, higher):
    """[least, median, most] of how many times better Sluice was, round by round."""
    pairs = zip(values["sluice"], values.get(side, []))
    ratios = [ours / theirs if higher else theirs / ours for ours, theirs in pairs if ours and theirs]
    return [min(ratios), statistics.median(ratios), max(ratios)] if ratios else None


def _goals(row, name, line):
    ours = line["median"]["sluice"]
    if name in row.goals:
        comparison, bound = row.goals[name]
        yield {"text": f"{'≤' if comparison == '<=' else '≥'} {bound:g}", "met": ours <= bound if comparison == "<=" else ours >= bound}
    if name in row.times_peer and "peer" in line["better_than"]:
        factor = row.times_peer[name]
        yield {"text": f"≥ {factor:g} × the peer", "met": line["better_than"]["peer"][1] >= factor}


def _value(line, side):
    return f"{line['median'][side]:,.4g}" if side in line["median"] else "–"


def _spread(line, side):
    spread = line["better_than"].get(side)
    if not spread:
        return "–"
    return f"{spread[1]:.2f}" if spread[0] == spread[2] else f"{spread[1]:.2f} ({spread[0]:.2f}–{spread[2]:.2f})"


def markdown(lines):
    """The table of docs/BENCHMARKS.md."""
    before = any("before" in line["median"] for line in lines)
    head = ["work", "figure", "Sluice", "Apache RocketMQ", "ceiling", "times better than the peer", "goal"] + ["against before"] * before
    rows = [head, ["---"] * len(head)]
    previous = None
    for line in lines:
        goals = "; ".join(f"{goal['text']}{'' if goal['met'] else ' **missed**'}" for goal in line["goals"])
        rows.append([line["row"] if line["row"] != previous else "…", line["unit"], *(_value(line, s) for s in ("sluice", "peer", "ceiling")),
                     _spread(line, "peer"), goals] + [_spread(line, "before")] * before)
        previous = line["row"]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


def missed(lines):
    return [f"{line['row']}: {line['unit']} {_value(line, 'sluice')}, the goal is {goal['text']}"
            for line in lines for goal in line["goals"] if not goal["met"]]
