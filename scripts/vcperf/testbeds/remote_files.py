"""Files of this machine, kept in domains reached by ssh for as long as they are needed there."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile

from vcperf.basics.text import reason
from vcperf.errors import VcperfError

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vcperf.testbeds.remote_sessions import Session, Sessions

# Keeps the new folder $1 for files until its end, and prints its name; then what is written into
# the FIFO `requests` there (see scripts/launchers/ask-launch).
HOLD_FOLDER = """
folder=$1
mkdir -m 700 "$folder" || exit 1
end() {
  for agent in "$folder"/[0-9]*; do
    [ ! -p "$agent" ] || echo "143 the campaign has ended" 1<>"$agent"
  done
  rm -rf "$folder"
  exit 0
}
trap end TERM
trap "" PIPE # what the shell says of its children must not end it when nobody listens
mkfifo "$folder/requests"
echo "$folder"
while :; do cat <>"$folder/requests" & wait $!; done
"""
KEEP = 'cat >"$1" && chmod 700 "$1"'


@contextlib.contextmanager
def kept(
    sessions: Sessions, domain: str, folder: str, files: dict[str, bytes]
) -> Iterator[Session]:
    """Keep files in a new folder of a domain, until the context or the connection ends.

    Args:
        sessions: of the testbed.
        domain: where.
        folder: as `new_folder` gives it.
        files: name -> content.

    Yields the session that keeps them. Raises VcperfError when there is no room for them.
    """
    session = sessions.start(domain, ["sh", "-c", HOLD_FOLDER, "vcperf", folder])
    assert session.process.stdout is not None
    answer = session.process.stdout.readline().decode(errors="replace").strip()
    if answer != folder:
        fault = reason(sessions.stop(session))
        raise VcperfError(f"domain {domain}: cannot keep files: {fault}")
    try:
        for name, content in files.items():
            sessions.feed(domain, ["sh", "-c", KEEP, "vcperf", f"{folder}/{name}"], content)
        yield session
    finally:
        sessions.stop(session)


def new_folder() -> str:
    """A name for a folder on other hosts that nobody can have taken."""
    return f"/tmp/vcperf.{os.urandom(8).hex()}"  # noqa: S108 - mkdir -m 700 refuses a taken one


def content_of(file: str) -> bytes:
    """A file's bytes. Raises OSError."""
    with open(file, "rb") as handle:
        return handle.read()


def bundle(folder: str) -> bytes:
    """A program of scripts/workloads/ as one file; each has a command that writes it."""
    with tempfile.NamedTemporaryFile(suffix=".pyz") as file:
        subprocess.run([sys.executable, folder, "bundle", file.name], check=True)
        return file.read()
