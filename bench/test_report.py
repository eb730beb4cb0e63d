"""The arithmetic of the table's report, without any server."""
import unittest

from common import plot
from table import report
from table.rows import ROWS


def result(row, **sides):
    return {"rows": {row.key: {side: [{"cpu_us_per_msg": c, "msgs_per_s": r} for c, r in rounds] for side, rounds in sides.items()}}}


class Report(unittest.TestCase):
    send = next(row for row in ROWS if row.key == "send")

    def lines(self, **sides):
        return {line["figure"]: line for line in report.summary(result(self.send, **sides), [self.send])}

    def test_ratios_are_of_the_same_round_and_say_how_many_times_better(self):
        lines = self.lines(sluice=[(2, 100), (4, 200), (2, 100)], peer=[(20, 10), (60, 10), (30, 50)])
        self.assertEqual(lines["cpu_us_per_msg"]["better_than"]["peer"], [10, 15, 15])
        self.assertEqual(lines["msgs_per_s"]["better_than"]["peer"], [2, 10, 20])
        self.assertEqual(lines["cpu_us_per_msg"]["median"], {"sluice": 2, "peer": 30})

    def test_goals_are_met_or_named(self):
        lines = list(self.lines(sluice=[(2.7, 100)], peer=[(30, 10)]).values())
        self.assertEqual([goal["met"] for goal in lines[0]["goals"]], [False, True])
        self.assertEqual(len(report.missed(lines)), 1)

    def test_what_was_not_measured_is_left_out(self):
        lines = self.lines(sluice=[(2, 100)], peer=[])
        self.assertEqual(lines["cpu_us_per_msg"]["better_than"], {})
        self.assertIn("| – |", report.markdown(list(lines.values())))

    def test_the_keys_of_rows_are_their_own(self):
        self.assertEqual(len({row.key for row in ROWS}), len(ROWS))
        self.assertTrue(all(row.versus in {"", *(other.key for other in ROWS)} for row in ROWS))


class Plot(unittest.TestCase):
    def test_draws_each_line(self):
        svg = plot.line_plot("a & b", "x", "y", {"one": [(1, 2), (1000, 3)], "two": [(10, 1)]})
        self.assertEqual(svg.count("<polyline"), 2)
        self.assertIn("a &amp; b", svg)


if __name__ == "__main__":
    unittest.main()
