"""Compile an MPI program on a host reached by ssh, with the stack that it has."""

from __future__ import annotations

import json
import os
import sys

from vcperf.basics.context import of_testbed
from vcperf.basics.files import write_whole
from vcperf.errors import VcperfError
from vcperf.testbeds.ssh import Connections

# Compiles the C source that it reads with the stack in the folder $1 and the flags $2; prints the
# program.
COMPILE = """
[ -x "$1/bin/mpicc" ] || { echo "$1/bin/mpicc: not found there" >&2; exit 1; }
folder=$(mktemp -d /tmp/vcperf.XXXXXX) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" && cat >program.c || exit 1
PATH=$1/bin:$PATH LD_LIBRARY_PATH=$1/lib mpicc $2 -s program.c -o program -lm >log 2>&1 ||
  { { grep -i error log || cat log; } | head -n 1 >&2; exit 1; } # the first is the cause
cat program
"""


def compile_there(
    host: str, folder: str, source: str, program: str, context: dict[str, str], flags: str = "-O3"
) -> None:
    """Write a program of a host, so that blocks can bring it to all hosts like it.

    Args:
        host: ssh destination.
        folder: of the stack, there.
        source: a C file, here.
        program: the file to write, here.
        context: see `vcperf.measure.block.main`.
        flags: of the compiler, separated by blanks.

    Raises VcperfError when the host does not answer, or its compiler fails.
    """
    with open(source, "rb") as handle:
        text = handle.read()
    connections = Connections(context.get("ssh_config"))
    try:
        for fault in connections.open({host: False}).values():
            raise VcperfError(fault)
        compiled = connections.feed(host, ["sh", "-c", COMPILE, "vcperf", folder, flags], text)
    finally:
        connections.close()
    with write_whole(program, "wb") as handle:
        handle.write(compiled)
    os.chmod(program, 0o700)


def main() -> int:
    """HOST FOLDER SOURCE PROGRAM TESTBED CONTEXT [FLAGS]; returns the exit status."""
    host, folder, source, program, testbed, whole, *flags = sys.argv[1:]
    context = of_testbed(json.loads(whole), testbed)
    try:
        compile_there(host, folder, source, program, context, *filter(None, flags))
    except VcperfError as error:
        print(f"compile: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
