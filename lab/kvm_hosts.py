"""KVM hosts on this machine: each in namespaces of its own (network, mounts, host name, processes),
with libvirtd, a bridge and two guests of the lab's kernel and root image. QEMU emulates the guests'
CPUs. All of it ends with the process that starts it.

Hosts have no sshd that listens: each connection starts one inside the host's namespaces.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import cpio
import emulator
import images
import ssh
from common import CHECKOUT, LAB, LabError, need, run, run_tied, say, step
from topology import Guest, Node, node

RUN = LAB / "run-kvm"
FILES = LAB / "kvm_files"
UNPACKED = CHECKOUT / ".tools/sshd"  # where `make setup-dev` has put an sshd
COMMANDS = {emulator.QEMU: "qemu-system-x86", "libvirtd": "libvirt-daemon-system"}
COMMANDS.update({"virtlogd": "libvirt-daemon-system", "virsh": "libvirt-clients"})
COMMANDS.update({"ssh": "openssh-client", "ssh-keygen": "openssh-client"})
COMMANDS.update(dict.fromkeys(("unshare", "nsenter", "setpriv"), "util-linux"))
COMMANDS["ip"] = "iproute2"
BOOT_S = 600.0
SSHD = """HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
PidFile none
LogLevel ERROR
MaxSessions 100
SetEnv PATH={path}
"""


@contextlib.contextmanager
def up(count: int) -> Iterator[None]:
    """Hosts and guests, from when they answer to the end of the context.

    Args:
        count: how many hosts, 1 or 2.

    Raises:
        LabError: a step failed; nothing is left running.
    """
    if os.getuid() != 0:
        raise LabError("KVM hosts need root here, for their network and mounts")
    need(COMMANDS, "lab-kvm")
    sshd_argv()
    folder = images.ensure()
    shutil.rmtree(RUN, ignore_errors=True)
    RUN.mkdir(mode=0o700)
    nodes = [node(number) for number in range(count)]
    started: list[subprocess.Popen[str]] = []
    try:
        with step(f"{count} KVM host{'s' * (count > 1)} with two guests each answer"):
            _boot(nodes, folder, started)
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def sshd_argv() -> list[str]:
    """The command of an sshd: this machine's, or the one that the tests use.

    Raises:
        LabError: there is none.
    """
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
    found = shutil.which("sshd", path=path)
    if found:
        return [found]
    unpacked = UNPACKED / "usr/sbin/sshd"
    if not unpacked.exists():
        raise LabError("no sshd; install openssh-server, or run `make setup-dev`")
    library = UNPACKED / "usr/lib" / f"{os.uname().machine}-linux-gnu"
    return ["env", f"LD_LIBRARY_PATH={library}", str(unpacked)]


def guest_definition(guest: Guest, folder: Path) -> str:
    """What virsh defines a guest from."""
    return (
        (FILES / "guest.xml")
        .read_text()
        .format(
            **guest._asdict(),
            folder=folder,
            options=emulator.LINUX_OPTIONS,
            qemu=shutil.which(emulator.QEMU),
        )
    )


def _boot(nodes: list[Node], images_folder: Path, started: list[subprocess.Popen[str]]) -> None:
    ssh.make_key(RUN / "key")
    public: dict[str, str] = {}
    for n in nodes:
        _lay_out(n, images_folder, public)
        started.append(_start(n))
    firsts = {n.dom0: _ready(n, process) for n, process in zip(nodes, started, strict=True)}
    if len(nodes) > 1:
        _join([firsts[n.dom0] for n in nodes])
    (RUN / "known_hosts").write_text(ssh.known_hosts(public))
    ways = {n.dom0: [f"ProxyCommand {_way(n, firsts[n.dom0])}"] for n in nodes}
    (RUN / "ssh_config").write_text(ssh.config(RUN, nodes, ways, native=False))
    for n in nodes:
        for g in n.guests:
            (RUN / n.name / f"{g.name}.xml").write_text(guest_definition(g, RUN / n.name))
            create = [
                "virsh",
                "-q",
                "-c",
                "qemu:///system",
                "create",
                f"{RUN / n.name}/{g.name}.xml",
            ]
            run(_inside(firsts[n.dom0], create), f"starting {g.name}")
    deadline = time.monotonic() + BOOT_S
    for n in nodes:
        for g in n.guests:
            _wait(n, g, deadline)


def _lay_out(n: Node, images_folder: Path, public: dict[str, str]) -> None:
    """A node's folder: images, keys of the host and of its guests."""
    folder = RUN / n.name
    folder.mkdir()
    for name in ("vmlinuz", "root.img"):
        (folder / name).symlink_to(images_folder / name)
    ssh.make_key(folder / "host_key")
    public[n.dom0] = (folder / "host_key.pub").read_text()
    shutil.copy(RUN / "key.pub", folder / "key.pub")
    path = f"{os.environ['PATH']}:{CHECKOUT}/.tools/usr/bin:/usr/sbin:/sbin"
    (folder / "sshd_config").write_text(SSHD.format(folder=folder, path=path))
    first = (images_folder / "initrd.cpio").read_bytes()
    for g in n.guests:
        public[g.name], files = ssh.own_files(RUN, g.name)
        own = {name: (stat.S_IFREG | 0o600, content) for name, content in files.items()}
        (folder / f"{g.name}.cpio").write_bytes(first + cpio.archive(own))


def _start(n: Node) -> subprocess.Popen[str]:
    """Start a host. It ends with us, and all that is in it with its first process."""
    spaces = ["--net", "--mount", "--uts", "--pid", "--propagation", "private"]
    unshare = ["unshare", *spaces, "--fork", "--kill-child", "--mount-proc"]
    host = [str(FILES / "host"), n.name, n.address, str(RUN / n.name)]
    with (RUN / n.name / "host.log").open("w") as log:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *unshare, *host],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )


def _ready(n: Node, process: subprocess.Popen[str]) -> int:
    """The first process of a host, once libvirtd answers in there."""
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise LabError(f"starting {n.name} failed", (RUN / n.name / "host.log").read_text())
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return int(children.split()[0])


def _inside(first: int, argv: list[str]) -> list[str]:
    spaces = ["--net", "--mount", "--uts", "--pid"]
    return ["nsenter", "--target", str(first), *spaces, "--", *argv]


def _join(firsts: list[int]) -> None:
    """A cable between the bridges of two hosts, of 1 Gbit/s."""
    one, other = map(str, firsts)
    pair = ["ip", "link", "add", "eth0", "netns", one, "type", "veth"]
    run([*pair, "peer", "name", "eth0", "netns", other], "joining the hosts")
    for first in firsts:
        run(_inside(first, ["ip", "link", "set", "eth0", "master", "virbr0", "up"]), "joining")
        shape = "tc qdisc add dev eth0 root tbf rate 1000mbit burst 64kb latency 20ms".split()
        run(_inside(first, shape), "shaping the link")


def _way(n: Node, first: int) -> str:
    """A command that is a connection to a host's sshd."""
    sshd = [*sshd_argv(), "-i", "-f", str(RUN / n.name / "sshd_config")]
    # ssh expands % in it.
    return shlex.join(_inside(first, sshd)).replace("%", "%%")


def _wait(n: Node, g: Guest, deadline: float) -> None:
    log = RUN / n.name / f"{g.name}.log"
    while True:
        try:
            ssh.remote(g.name, "true", "asking", 60, RUN)
            return
        except LabError as error:
            said = log.read_text(errors="replace") if log.exists() else ""
            if "lab: FAILED" in said or time.monotonic() > deadline:
                raise LabError(f"booting {g.name}: {error}", said) from None
        time.sleep(0.5)


def tied_run(count: int, argv: list[str]) -> int:
    """Bring hosts up, run a command, take them down.

    Returns:
        the command's exit status.
    """
    with up(count):
        say(f"ssh_config: {RUN / 'ssh_config'}")
        return run_tied(argv)
