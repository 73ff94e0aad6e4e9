"""What MPI launchers print when a job fails; the parsers of all MPI programs look for it."""

from __future__ import annotations

import re

# The lines that name a cause, the best first; patterns are text: compiling costs start-up time.
_CAUSES = (
    r"(?i)\b(?:abort|fatal error|assertion|cannot open|could not|unable to|failed|no such file)\b",
    r"(?i)\bnot enough slots\b|\binvalid\b|\berror\b",
    r"(?i)\bexited on signal|\bKILLED BY SIGNAL|\bnon-zero (?:exit )?(?:code|status)|EXIT CODE",
    r"(?i)\bBAD TERMINATION\b|\bterminated\b|\bkilled\b",
)
# None of these stands in a sound report of IMB, EP or mpi4py.bench.
FAILURE = (
    r"(?i)BAD TERMINATION|KILLED BY SIGNAL|EXIT STRING|EXIT CODE|EXIT STATUS|\bAbort\(|MPI_ABORT"
    r"|Fatal error in|Assertion failed|exited on signal|prterun|mpirun noticed|mpiexec.*error"
    r"|PMIX ERROR|not enough slots|Segmentation fault|Traceback \(most recent"
)
_FRAME = r"^[=|*+\- ]+|[=|*+\- ]+$"


def fault(text: str) -> str:
    """What went wrong, in one line, from all that a failed MPI job printed.

    >>> fault("=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES\\n=   EXIT CODE: 9\\n")
    'EXIT CODE: 9'
    """
    said = [re.sub(_FRAME, "", " ".join(line.split())) for line in text.splitlines()]
    said = [line for line in said if line and not line.startswith("#")]
    for cause in _CAUSES:
        for line in said:
            if re.search(cause, line):
                return line[:300]
    return said[-1][:300] if said else "it said nothing of why"


def failure(text: str) -> bool:
    """Whether a launcher or a library printed, somewhere, that a job failed."""
    return re.search(FAILURE, text) is not None
