"""Available bandwidth (pathload) and capacity (pathrate) of a path, as one program.

Needs Python 3.6 or later and nothing installed, at both ends; docs/bandwidth.md has the
methods. `bandwidth.bundle` packs it all into one file.
"""
