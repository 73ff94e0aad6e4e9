"""What launchers of MPI and batch jobs write around a program's output."""

from __future__ import annotations

import re

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator

_TIME = r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}"
# Intel MPI and MPICH `-prepend-rank` and `-l`: ``[0] ``; Open MPI 4 `--tag-output`:
# ``[1,0]<stdout>:``, with `--timestamp-output` a time before it; Open MPI 5 `--output`:
# ``[1,0]<stdout>: ``, ``[0]<stdout>: ``, ``[1,0][host:123]<stdout>: `` and ``[time]...``;
# `srun --label`: ``0: ``, the number padded with blanks.
RANK_PREFIX = (
    rf"(?:{_TIME})?(?:\[[^\[\]\n]{{1,80}}\])*<std(?:out|err)>: ?|\[\d{{1,7}}\] ?"
    r"|[ \t]{0,7}\d{1,7}:(?!\d) ?"
)
_CHUNK = 2**20  # characters; substituting in all of a text at once costs many times its size
_LONGEST = 2000  # characters; no line with figures of a report is as long
_LINE = re.compile(rf"\s*(\S[^\n]{{0,{_LONGEST - 1}}})([^\n]*)")


def without_rank_prefix(text: str, begins: str = "") -> str:
    """An output without the rank that a launcher put in front of every line.

    Args:
        text: the output as it was printed.
        begins: pattern of a line that only the wanted report has; what stands in front of it is
            the prefix. Without it the first line that has a prefix decides.

    Lines of other ranks and of the launcher itself stay as they are. A blank behind the prefix
    belongs to it where the deciding line has one; a time in it may differ from line to line.

    >>> without_rank_prefix("[0] # a\\n[0]  1\\n[0]\\n")
    '# a\\n 1\\n\\n'
    >>> without_rank_prefix("[1,0]<stdout>:# a\\n[1,0]<stdout>: 1\\nreal 3.2\\n")
    '# a\\n 1\\nreal 3.2\\n'
    >>> at = "[Sat Nov 28 22:53:0{} 2026][1,0]<stdout>: "
    >>> without_rank_prefix(f"{at.format(0)}# a\\n{at.format(1)} 1\\n")
    '# a\\n 1\\n'
    >>> without_rank_prefix("[0] hello\\n# a\\n 1\\n", begins="# a")
    '[0] hello\\n# a\\n 1\\n'
    """
    first = re.search(rf"(?m)^({RANK_PREFIX})[ \t]*(?:{begins})", text)
    if first is None:
        return text
    prefix = re.escape(first[1].rstrip(" "))
    if time := re.search(_TIME, first[1]):
        prefix = prefix.replace(re.escape(time[0]), _TIME)
    drop = re.compile(f"(?m)^{prefix}{' ?' if first[1].endswith(' ') else ''}")
    parts, start = [], 0
    while start < len(text):
        end = text.find("\n", start + _CHUNK) + 1 or len(text)
        parts.append(drop.sub("", text[start:end]))
        start = end
    return "".join(parts)


def lines(text: str) -> Iterator[tuple[int, bool, str]]:
    """The lines of an output that are not blank, without holding all of them at once.

    Yields where a line begins in the text, whether a blank line stands before it, and its words
    with one blank between them. A line too long for any report ends with `...` instead.

    >>> list(lines(" a  b\\n\\nc\\n"))
    [(1, False, 'a b'), (7, True, 'c')]
    """
    end = 0
    while match := _LINE.match(text, end):
        start = match.start(1)
        words = " ".join(match[1].split())
        before = end > 0  # a line, whose end is the first newline
        blank = start > end + before and text.count("\n", end, start) > before
        end = match.end()
        yield start, blank, f"{words} ..." if end > match.end(1) else words


def number(text: str, start: int) -> int:
    """Which line of the text begins, or goes on, at a position: 1 is the first."""
    return text.count("\n", 0, start) + 1
