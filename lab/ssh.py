"""Keys and configuration of ssh, and commands run through it."""

from __future__ import annotations

import base64
import shlex
import struct
import subprocess
from pathlib import Path

from common import RUN, LabError, run
from topology import XEN, Node, alias

# A handshake takes a second or two under emulation, and longer while others boot.
CONNECT_TIMEOUT_S = 30


def make_key(path: Path) -> None:
    """An ed25519 key pair without a passphrase: `path` and `path`.pub."""
    for old in (path, Path(f"{path}.pub")):
        old.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", path], "making a key")


def own_files(folder: Path, domain: str) -> tuple[str, dict[str, bytes]]:
    """What a domain gets along with its first root file system: a new host key, and who may log
    in.

    Args:
        folder: has the user's key, `key`.
        domain: its name.

    Returns:
        the public host key, and the content of each file.
    """
    path = folder / f"host_key_{domain}"
    make_key(path)
    public = Path(f"{path}.pub").read_text()
    secret = dropbear_key(path.read_text())
    for file in (path, Path(f"{path}.pub")):
        file.unlink()
    authorized = (folder / "key.pub").read_bytes()
    return public, {"own/authorized_keys": authorized, "own/host_key": secret}


def dropbear_key(openssh: str) -> bytes:
    """The same key as dropbear stores it.

    Args:
        openssh: an unencrypted ed25519 private key; format: OpenSSH's PROTOCOL.key.

    Returns:
        the name and the 64 bytes of seed and public key (dropbear's ed25519.c).
    """
    body = "".join(line for line in openssh.splitlines() if not line.startswith("-----"))
    rest = base64.b64decode(body)[len(b"openssh-key-v1\0") :]
    for _ in range(3):  # cipher, key derivation, its options
        _, rest = _string(rest)
    _, rest = _string(rest[4:])  # number of keys; public key
    private, _ = _string(rest)
    kind, rest = _string(private[8:])  # two equal check numbers
    _, rest = _string(rest)  # public key
    secret, _ = _string(rest)
    return b"".join(struct.pack(">I", len(part)) + part for part in (kind, secret))


def _string(data: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack_from(">I", data)
    return data[4 : 4 + length], data[4 + length :]


def at_port(port: int) -> list[str]:
    """How a dom0 is reached that answers on 127.0.0.1."""
    return ["HostName 127.0.0.1", f"Port {port}"]


def config(folder: Path, nodes: list[Node], ways: dict[str, list[str]], native: bool) -> str:
    """The text of ssh_config.

    Args:
        folder: has the key `key` and the file `known_hosts`.
        nodes: the hosts that run.
        ways: how each dom0 is reached, by its name: lines of ssh_config.
        native: there are no guests.
    """
    # ssh expands % in a path.
    here = str(folder).replace("%", "%%")
    lines = ["# Made by lab/lab."]
    for n in nodes:
        name = alias(n.dom0, n.lab)
        lines += [f"Host {name}", *(f"    {line}" for line in ways[n.dom0])]
        lines += [f"    HostKeyAlias {name}"]
        # ProxyJump hands the name of this file on unquoted: blanks in it would break it.
        jump = f"ssh -F {shlex.quote(here + '/ssh_config')} -W '[%h]:%p' {name}"
        for g in () if native else n.guests:
            guest = alias(g.name, n.lab)
            lines += [f"Host {guest}", f"    HostName {g.address}"]
            lines += [f"    HostKeyAlias {guest}", f"    ProxyCommand {jump}"]
    lines += [
        "Host *",
        "    User root",
        f'    IdentityFile "{here}/key"',
        "    IdentitiesOnly yes",
        "    IdentityAgent none",
        f'    UserKnownHostsFile "{here}/known_hosts"',
        "    GlobalKnownHostsFile /dev/null",
        "    StrictHostKeyChecking yes",
        "    UpdateHostKeys no",
        "    PasswordAuthentication no",
        "    KbdInteractiveAuthentication no",
        "    BatchMode yes",
        f"    ConnectTimeout {CONNECT_TIMEOUT_S}",
        "    LogLevel ERROR",
    ]
    return "\n".join(lines) + "\n"


def known_hosts(keys: dict[str, str], lab: str = XEN) -> str:
    """The text of known_hosts.

    Args:
        keys: each domain's public host key.
        lab: of which lab.
    """
    return "".join(f"{alias(domain, lab)} {key.strip()}\n" for domain, key in keys.items())


def remote(
    domain: str,
    command: str,
    doing: str,
    timeout_s: float,
    folder: Path = RUN,
    lab: str = XEN,
) -> str:
    """Run a shell command in a domain of the lab that has its ssh_config in a folder.

    Returns:
        its standard output.

    Raises:
        LabError: it failed, or took longer; with its output.
    """
    argv = ["ssh", "-F", str(folder / "ssh_config"), alias(domain, lab), command]
    try:
        return run(argv, f"{doing} on {domain}", timeout=timeout_s)
    except subprocess.TimeoutExpired as late:
        output = b"".join(part for part in (late.stdout, late.stderr) if part)
        raise LabError(
            f"{doing} on {domain}: no end within {timeout_s:.0f} s", output.decode(errors="replace")
        ) from None
