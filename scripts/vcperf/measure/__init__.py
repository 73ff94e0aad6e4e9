"""One module a measurement: uses a testbed and tools, writes one raw record.

Each is a command line, ``python -m vcperf.measure.KIND SPEC RECORD``, started through
scripts/measure, and needs the standard library alone.
"""
