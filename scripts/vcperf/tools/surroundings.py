"""A report without what launchers, shells and batch systems write before and behind it, for
programs whose reports have no first or last line of their own."""

from __future__ import annotations

import re

from vcperf.tools.launcher import RANK_PREFIX

# Lines of a launcher, of the shell that called it or of the batch system around both.
_WORDS = re.compile(
    r"""(?ax)
      \[[\w.-]+:\d+\]\ .+  # Open MPI: its host and process
    | \[(?:mpiexec|proxy:[\d:]+|prte\w*)@[^\]\s]+\]\ .+  # MPICH, Intel MPI
    | \[\d+\]\ MPI\ startup\(\):\ .+
    | (?:srun|salloc|sbatch|slurmstepd|mpirun|mpiexec|mpiexec\.hydra|orterun|prterun):\ .+
    | (?:real|user|sys)\s+(?:\d+m)?\d+[.,]\d+s?  # time, of a shell
    | [\d.]+user\ [\d.]+system\ [\d:.]+elapsed\ .+ | \d+inputs\+\d+outputs\ \(.+  # /usr/bin/time
    | \+\ .+  # sh -x
    | Warning:\ Permanently\ added\ .+\ to\ the\ list\ of\ known\ hosts\.
    | Connection\ to\ \S+\ closed\.
    | Warning:\ no\ access\ to\ tty\ .+ | Thus\ no\ job\ control\ in\ this\ shell\.
    """
)
_FAULT = re.compile(
    r"(?i)\b(?:error:|fatal|killed|signal|abort|terminat|cancel|segmentation|core dumped|exited"
    r"|exit (?:code|status)|failed|out of memory|not found|no such)"
)


def speaks(line: str) -> bool:
    """Whether a line before or behind a report is a launcher's, and no word of a failure.

    >>> speaks("[host1:20811] 1 more process has sent help message"), speaks("real\\t0m3.214s")
    (True, True)
    >>> speaks("srun: error: node1: task 0: Killed"), speaks("80 vmlinux")
    (False, False)
    """
    line = line.rstrip()
    return len(line) < 10_000 and bool(_WORDS.fullmatch(line)) and not _FAULT.search(line)


def report(text: str) -> str:
    """A program's report without what a launcher wrote around it.

    Args:
        text: all that was printed.

    Returns it without the launcher's lines before and behind it, in place of which blank
    lines keep the numbers of the others, and without the prefix of its own lines. What
    stands between the report's lines stays.

    >>> report("srun: job 7 queued\\n0: samples\\n0: 5\\nreal 3.21\\n")
    '\\nsamples\\n5\\n'
    """
    lines = text.splitlines(keepends=True)
    first, last = 0, len(lines)
    while first < last and (speaks(lines[first]) or not lines[first].strip()):
        first += 1
    while last > first and (speaks(lines[last - 1]) or not lines[last - 1].strip()):
        last -= 1
    inner = "".join(lines[first:last])
    prefix = rank_prefix(inner)
    own = (line.removeprefix(prefix) for line in inner.splitlines(keepends=True))
    return "\n" * first + ("".join(own) if prefix else inner)


def rank_prefix(text: str) -> str:
    """What a launcher put in front of every line; empty where a line lacks it.

    >>> rank_prefix("[0] # a\\n[0] \\n"), rank_prefix("0: a\\n1: b\\n")
    ('[0] ', '')
    """
    match = re.match(RANK_PREFIX, text)
    if match is None:
        return ""
    lines = text.splitlines()
    # Trailing blanks may have been cut off where nothing follows the prefix.
    for prefix in (match[0], match[0].rstrip(" ")):
        if all(line.startswith(prefix) or line.rstrip() == prefix.rstrip() for line in lines):
            return prefix
    return ""
