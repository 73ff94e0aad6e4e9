"""From a plan and raw records to the rows of the tables: a module a kind of measurement.

Each has COLUMNS and `rows(planned, content, disturbed_percent)`.
"""
