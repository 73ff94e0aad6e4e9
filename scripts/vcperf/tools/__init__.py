"""One module a tool: builds its command lines and parses its text; starts nothing.

Every module is also a filter: ``python -m vcperf.tools.NAME < output``.
"""
