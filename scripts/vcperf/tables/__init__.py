"""From a plan and raw records to the rows of the tables: one module per table of blocks.

Each has COLUMNS, ORDER (the columns that sort it) and `rows(planned, content,
disturbed_percent)`, whose rows may hold more than COLUMNS: what the table lacks is left out.
"""
