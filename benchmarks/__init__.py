"""One command per number in the README: `python -m benchmarks.NAME`."""
