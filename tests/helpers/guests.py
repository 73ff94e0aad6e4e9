"""Hosts for tests: each a network namespace with a /tmp of its own, reached by a real sshd that
serves one connection on its input and output. They are joined by a cable, and by nothing else."""

import os
import subprocess
from pathlib import Path

import pytest

from helpers.checkout import ROOT
from helpers.sshd import SSHD, UNPACKED

NAMES = ("node0", "node1")
SUBNET = "10.81.0"
STANDINS = ROOT / "tests/standins"
PATH = f"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{STANDINS}"
# Serves one connection in the host of the process $1.
ENTER = """#!/bin/sh
export LD_LIBRARY_PATH={library}
exec nsenter --target "$1" --net --mount --uts {sshd} -i -f {folder}/sshd_config
"""
SERVER = """
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
PidFile none
SetEnv PATH={path} XM_STANDIN={folder}/xm.json
"""
CLIENT = """
Host {name}
  ProxyCommand {folder}/enter {pid}
Host *
  User root
  IdentityFile {folder}/user
  IdentitiesOnly yes
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  LogLevel ERROR
"""
# A /tmp of its own in which the folders $2... are nevertheless, and what sshd wants as root.
FURNISH = """
hostname "$0" && mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd &&
mount --bind "$1/passwd" /etc/passwd && mkdir /run/tmp && mount -t tmpfs tmpfs /run/tmp || exit 1
for kept; do
  case $kept in /tmp/*) mkdir -p "/run$kept" && mount --bind "$kept" "/run$kept" ;; esac
done
mount --move /run/tmp /tmp && ip link set lo up && echo ready && read -r _
"""


MADE_BY = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--uts"]


class Guests:
    """Two hosts, up; `ssh_config` calls them by NAMES, `address` tells where each is."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.ssh_config = folder / "ssh_config"
        for name in ("host", "user"):
            keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(keygen, check=True)
        passwd = Path("/etc/passwd").read_text()
        (folder / "passwd").write_text(f"{passwd}sshd:x:64999:65534::/run/sshd:/bin/false\n")
        (folder / "sshd_config").write_text(SERVER.format(folder=folder, path=PATH))
        library = UNPACKED.resolve() / "usr/lib" / f"{os.uname().machine}-linux-gnu"
        enter = folder / "enter"
        enter.write_text(ENTER.format(library=library, sshd=SSHD.resolve(), folder=folder))
        enter.chmod(0o755)
        self.anchors = []

    def start(self) -> None:
        kept = [str(self.folder), str(STANDINS)]
        kept += [str((ROOT / name).resolve()) for name in (".tools", ".venv")]
        for name in NAMES:
            self.anchors.append(
                subprocess.Popen(
                    [*MADE_BY, "sh", "-c", FURNISH, name, *kept],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
        if any(anchor.stdout.readline() != "ready\n" for anchor in self.anchors):
            self.stop()
            pytest.skip("this container refuses mounts or namespaces")
        there = self.anchors[1].pid
        self._ip(0, f"link add eth0 type veth peer name eth0 netns {there}")
        for index in range(len(NAMES)):
            self._ip(index, f"addr add {self.address(index)}/24 dev eth0")
            self._ip(index, "link set eth0 up")
        there = zip(NAMES, self.anchors, strict=True)
        self.ssh_config.write_text(
            "".join(
                CLIENT.format(name=name, pid=anchor.pid, folder=self.folder)
                for name, anchor in there
            )
        )

    @staticmethod
    def address(index: int) -> str:
        return f"{SUBNET}.{index + 1}"

    def _ip(self, index: int, words: str) -> None:
        inside = ["nsenter", "--target", str(self.anchors[index].pid), "--net"]
        subprocess.run([*inside, "ip", *words.split()], check=True)

    def within(self, index: int) -> str:
        """The network namespace of a host, as /proc tells it of each process."""
        return os.readlink(f"/proc/{self.anchors[index].pid}/ns/net")

    def stop(self) -> None:
        for anchor in self.anchors:
            anchor.kill()
            anchor.wait()
