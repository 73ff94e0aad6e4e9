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
# None of these stands in a sound report of IMB, EP or mpi4py.bench, nor in what a launcher, a
# batch system or time(1) prints around one. Each begins with a letter as it is printed: so the
# search is some sixty times faster than one that ignores case.
_NOT_ZERO = r"(?!s?[\s:=]*0\b)"
FAILURE = (
    r"BAD TERMINATION|KILLED BY SIGNAL|EXIT STRING|Abort\(|MPI_ABORT|MPI_Abort"
    r"|MPI_ERRORS_ARE_FATAL|Fatal error in|Assertion failed|exited on signal|received signal"
    r"|PMIX ERROR|not enough slots|Segmentation fault|job killed|Traceback \(most recent"
    rf"|EXIT CODE{_NOT_ZERO}|EXIT STATUS{_NOT_ZERO}|Exit code{_NOT_ZERO}|Exit status{_NOT_ZERO}"
    rf"|exit code{_NOT_ZERO}|exit status{_NOT_ZERO}"
    r"|mpiexec[^\n]{0,200}[Ee]rror|proxy:[^\n]{0,200}(?:failed|error)"
    r"|prterun (?:noticed|detected|has exited|was unable|encountered)"
    r"|mpirun (?:noticed|detected|has exited|was unable|encountered)"
    r"|srun: error: [^\n]{0,200}\btasks?\b|slurmstepd: error: [^\n]{0,200}(?:CANCELLED|oom)"
)
_FRAME = "=|*+- "
_WINDOW = 100_000  # characters of a long output that are searched for a cause, each way


def fault(text: str) -> str:
    """What went wrong, in one line, from all that a failed MPI job printed.

    >>> fault("=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES\\n=   EXIT CODE: 9\\n")
    'EXIT CODE: 9'
    """
    if len(text) > 2 * _WINDOW:
        found = re.search(FAILURE, text)
        middle = found.start() if found else len(text)
        text = text[max(0, middle - _WINDOW) : middle + _WINDOW]
    lines = [" ".join(line.split()).strip(_FRAME) for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    for cause in _CAUSES:
        for line in lines:
            if re.search(cause, line):
                return line[:300]
    return lines[-1][:300] if lines else "no error message"


def failure(text: str) -> bool:
    """Whether a launcher or a library printed, somewhere, that a job failed."""
    return re.search(FAILURE, text) is not None
