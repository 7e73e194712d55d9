"""How accurate the package's defaults are, on data that others have published figures for.

Run `python -m benchmarks.accuracy --help`; README.md tells how to read what comes out.
"""
