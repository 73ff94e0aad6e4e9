"""What a command printed, in one line for an error."""

from __future__ import annotations


def last_line(text: str, nothing: str = "no error message") -> str:
    """The last line with a word in it: of a traceback the error itself.

    Args:
        text: all that was printed.
        nothing: what to say when there is no such line.

    >>> last_line("Traceback (most recent call last):\\n  x = 1\\n\\nOSError: no room\\n}\\n")
    'OSError: no room'
    """
    lines = [line.strip() for line in text.splitlines() if any(map(str.isalpha, line))]
    return lines[-1] if lines else nothing
