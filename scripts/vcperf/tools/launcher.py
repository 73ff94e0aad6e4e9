"""What launchers of MPI and batch jobs write around a program's output."""

from __future__ import annotations

import re

# Intel MPI and MPICH `-prepend-rank` and `-l`: ``[0] ``; Open MPI `--tag-output`:
# ``[1,0]<stdout>:``; `srun --label`: ``0: ``, the number padded with blanks.
_RANK_PREFIX = re.compile(r"(?:\[\d+\] ?|\[\d+,\d+\]<std(?:out|err)>: ?| *\d+: )")


def without_rank_prefix(text: str) -> str:
    """An output without the rank that a launcher put in front of every line.

    Args:
        text: the output as it was printed.

    Returns it unchanged where a line lacks the prefix, or has another one than the first.
    A blank behind the prefix belongs to it where every line has one.

    >>> without_rank_prefix("[0] # a\\n[0]  1\\n[0] \\n")
    '# a\\n 1\\n\\n'
    >>> without_rank_prefix("[1,0]<stdout>:# a\\n[1,0]<stdout>: 1\\n")
    '# a\\n 1\\n'
    >>> without_rank_prefix("[0] # a\\n[1] 1\\n")
    '[0] # a\\n[1] 1\\n'
    """
    match = _RANK_PREFIX.match(text)
    if match is None:
        return text
    lines = text.splitlines(keepends=True)
    # Trailing blanks may have been cut off where nothing follows the prefix.
    for prefix in (match[0], match[0].rstrip(" ")):
        if all(line.startswith(prefix) or line.rstrip() == prefix.rstrip() for line in lines):
            return "".join(line[len(prefix) :] if line.startswith(prefix) else "\n" for line in lines)
    return text
