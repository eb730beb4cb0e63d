"""The table of docs/BENCHMARKS.md: rows, rounds, report. `./dev bench` runs it; see __main__.py."""
