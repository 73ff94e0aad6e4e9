"""What ends an estimate with one line."""


class ProbeError(Exception):
    """A fault of the path, the host or the user; its text is the line."""
