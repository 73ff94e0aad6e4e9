"""A real sshd of the tests' own, on 127.0.0.1, with keys of its own."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from helpers.checkout import ROOT

UNPACKED = ROOT / ".tools/sshd"
SSHD = UNPACKED / "usr/sbin/sshd"
USER = "root" if os.getuid() == 0 else os.environ.get("USER", "")

CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
PidFile none
SetEnv PATH={path} HOME={folder} XM_STANDIN={folder}/xm.json
"""

# The first value of an option holds: what is special goes first.
CLIENT = """
Host down
  Port 1
Host nowhere
  HostName nowhere.invalid
Host stranger
  HostKeyAlias stranger
Host changed
  HostKeyAlias changed
Host behind
  ProxyJump refused
Match originalhost refused
  IdentityFile "{folder}/other"
Match originalhost odd
  IdentityFile "{folder}/odd"
Match originalhost !refused,!odd,*
  IdentityFile "{folder}/user"
Host *
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentitiesOnly yes
  UserKnownHostsFile "{folder}/known_hosts"
  StrictHostKeyChecking yes
  HostKeyAlias here
"""

# As root, sshd wants a folder and a user that only its package makes.
AS_ROOT = (
    "mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd &&"
    ' mount --bind "$1/passwd" /etc/passwd && shift && exec "$@"'
)


class Sshd:
    """A running sshd: `folder` holds its keys, `ssh_config` the names by which tests call
    it: one and two are well, down, nowhere, stranger, changed, refused and behind are not,
    and at odd the script `door` is in the way, which a test writes."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.ssh_config = folder / "ssh_config"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in ("host", "user", "other", "odd"):
            keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(keygen, check=True)
        self._write()

    def _write(self) -> None:
        folder, key = (
            self.folder,
            lambda name: (self.folder / f"{name}.pub").read_text().split()[:2],
        )
        forced = [f'command="{folder}/door"', *key("odd")]
        keys = [" ".join(words) for words in (key("user"), forced)]
        (folder / "authorized_keys").write_text("\n".join(keys) + "\n")
        known = {"here": key("host"), "changed": key("other")}
        (folder / "known_hosts").write_text(
            "".join(f"{name} {' '.join(words)}\n" for name, words in known.items())
        )
        netperf = ROOT / ".tools/usr/bin"
        path = f"{ROOT}/tests/standins:{os.environ['PATH']}:{netperf}:/usr/sbin:/sbin"
        (folder / "sshd_config").write_text(CONFIG.format(port=self.port, folder=folder, path=path))
        self.ssh_config.write_text(CLIENT.format(port=self.port, user=USER, folder=folder))
        passwd = Path("/etc/passwd").read_text()
        (folder / "passwd").write_text(f"{passwd}sshd:x:64999:65534::/run/sshd:/bin/false\n")

    def put_a_door(self, *lines: str) -> None:
        """Run lines of shell at odd before each command."""
        door = self.folder / "door"
        enter = 'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'
        door.write_text("\n".join(["#!/bin/sh", *lines, enter]) + "\n")
        door.chmod(0o755)

    def start(self) -> None:
        argv = [str(SSHD), "-D", "-e", "-f", str(self.folder / "sshd_config")]
        if os.getuid() == 0:
            inside = ["sh", "-c", AS_ROOT, "sshd", str(self.folder), *argv]
            argv = ["unshare", "--mount", *inside]
        library = UNPACKED / "usr/lib" / f"{os.uname().machine}-linux-gnu"
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *argv],
            env={**os.environ, "LD_LIBRARY_PATH": str(library)},
            stderr=subprocess.PIPE,
            text=True,
        )
        said = self.process.stderr.readline()
        if "Server listening" not in said:
            self.process.kill()
            pytest.skip(f"no sshd can be had here: {said}{self.process.stderr.read()}".strip())
        # What it says of connections: nobody reads it, and it must not block.
        os.set_blocking(self.process.stderr.fileno(), False)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
