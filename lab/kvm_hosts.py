"""KVM hosts on this machine: each in namespaces of its own (network, mounts, host name, processes),
with libvirtd, a bridge and two guests of the lab's kernel and root image. QEMU emulates the guests'
CPUs where this machine's KVM runs none. All of it ends with the process that starts it.

Hosts have no sshd that listens: each connection starts one inside the host's namespaces.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cpio
import emulator
import images
import kvm_try
import ssh
from common import CHECKOUT, LAB, LabError, locked, need, run, run_tied, say, step
from topology import KVM, Guest, Node, node

RUN = LAB / "run-kvm"
FILES = LAB / "kvm_files"
UNPACKED = CHECKOUT / ".tools/sshd"  # where envs/setup.sh has put an sshd
COMMANDS = {emulator.QEMU: "qemu-system-x86", "libvirtd": "libvirt-daemon-system"}
COMMANDS.update({"virtlogd": "libvirt-daemon-system", "virsh": "libvirt-clients"})
COMMANDS.update({"ssh": "openssh-client", "ssh-keygen": "openssh-client"})
COMMANDS.update(dict.fromkeys(("unshare", "nsenter", "setpriv"), "util-linux"))
COMMANDS["ip"] = "iproute2"
# What libvirt calls guests with and without KVM, and the CPU that they see.
KVM_CPU = ("kvm", "<cpu mode='host-passthrough'/>")
EMULATED_CPU = (
    "qemu",
    "<cpu mode='custom' match='exact'><model>qemu64</model>"
    "<feature name='rdrand' policy='require'/></cpu>",
)
BOOT_S = 600.0
END_S = 30.0
BUSY = "somebody else is at this checkout's KVM hosts (lab/lab run-kvm); end that first"
KEEPER = RUN / "keeper.pid"
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


class Wanted(NamedTuple):
    """Which hosts.

    Args:
        nodes: how many, 1 or 2.
        emulated: QEMU emulates the guests' CPUs, also where KVM works.
    """

    nodes: int = 2
    emulated: bool = False


@contextlib.contextmanager
def up(wanted: Wanted) -> Iterator[None]:
    """Hosts and guests, from when they answer to the end of the context.

    Raises:
        LabError: a step failed, or somebody else is at them; nothing is left running.
    """
    if os.getuid() != 0:
        raise LabError("KVM hosts need root here, for their network and mounts")
    need(COMMANDS, "lab-kvm")
    sshd_argv()
    with locked(RUN, BUSY):
        _clear()
        RUN.chmod(0o700)  # keys will be in there
        folder = images.ensure()
        kind = KVM_CPU if not wanted.emulated and kvm_try.works(folder) else EMULATED_CPU
        nodes = [node(number, KVM) for number in range(wanted.nodes)]
        started: list[subprocess.Popen[str]] = []
        try:
            with step(_described(wanted.nodes, kind)):
                _boot(nodes, folder, kind, started)
            yield
        finally:
            for process in started:
                process.kill()
                process.wait()
            _clear()


def _described(count: int, kind: tuple[str, str]) -> str:
    by = "on KVM" if kind is KVM_CPU else "emulated by QEMU"
    return f"{count} KVM host{'s' * (count > 1)} with two guests each answer, guests {by}"


def left() -> list[int]:
    """Processes of hosts that run, whoever started them, by the folder that they are given."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
            name = (entry / "comm").read_text().strip()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        ours = name in {"host", "unshare"} or name.startswith("qemu-system")
        if ours and f"{RUN}/node" in words and state != "Z":
            found.append(int(entry.name))
    return found


def _clear() -> None:
    """Remove the files of hosts, which have ended or are about to: they end with their starter."""
    deadline = time.monotonic() + END_S
    while left():
        if time.monotonic() > deadline:
            raise LabError(f"KVM hosts do not end: processes {' '.join(map(str, left()))}")
        time.sleep(0.05)
    for path in RUN.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


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
        raise LabError("no sshd; run `envs/setup.sh lab-kvm`, or install openssh-server")
    library = UNPACKED / "usr/lib" / f"{os.uname().machine}-linux-gnu"
    return ["env", f"LD_LIBRARY_PATH={library}", str(unpacked)]


def guest_definition(guest: Guest, folder: Path, kind: tuple[str, str] = EMULATED_CPU) -> str:
    """What virsh defines a guest from.

    Args:
        guest: which.
        folder: the node's.
        kind: KVM_CPU or EMULATED_CPU.
    """
    return (
        (FILES / "guest.xml")
        .read_text()
        .format(
            **guest._asdict(),
            folder=folder,
            kind=kind[0],
            cpu=kind[1],
            options=emulator.LINUX_OPTIONS,
            qemu=shutil.which(emulator.QEMU),
        )
    )


def _boot(
    nodes: list[Node],
    images_folder: Path,
    kind: tuple[str, str],
    started: list[subprocess.Popen[str]],
) -> None:
    ssh.make_key(RUN / "key")
    public: dict[str, str] = {}
    for n in nodes:
        _lay_out(n, images_folder, public)
        started.append(_start(n))
    firsts = {n.dom0: _ready(n, process) for n, process in zip(nodes, started, strict=True)}
    if len(nodes) > 1:
        _join([firsts[n.dom0] for n in nodes])
    (RUN / "known_hosts").write_text(ssh.known_hosts(public, KVM))
    ways = {n.dom0: [f"ProxyCommand {_way(n, firsts[n.dom0])}"] for n in nodes}
    (RUN / "ssh_config").write_text(ssh.config(RUN, nodes, ways, native=False))
    for n in nodes:
        for g in n.guests:
            (RUN / n.name / f"{g.name}.xml").write_text(guest_definition(g, RUN / n.name, kind))
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
            ssh.remote(g.name, "true", "asking", 60, RUN, KVM)
            return
        except LabError as error:
            said = log.read_text(errors="replace") if log.exists() else ""
            if "lab: FAILED" in said or time.monotonic() > deadline:
                raise LabError(f"booting {g.name}: {error}", said) from None
        time.sleep(0.5)


def tied_run(wanted: Wanted, argv: list[str]) -> int:
    """Bring hosts up, run a command, take them down.

    Returns:
        the command's exit status.
    """
    with up(wanted):
        say(f"ssh_config: {RUN / 'ssh_config'}")
        return run_tied(argv)


def up_and_stay(wanted: Wanted) -> int:
    """Bring hosts up, and leave them to a process in the background, with which they end.

    Returns:
        the exit status.
    """
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        return 0 if os.read(reading, 1) else 1
    os.setsid()
    with up(wanted):
        say(f"ssh_config: {RUN / 'ssh_config'}; `lab/lab down-kvm` ends them")
        KEEPER.write_text(f"{os.getpid()}\n")
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(nothing, standard)
        os.write(writing, b".")
        while True:
            signal.pause()


def down() -> None:
    """End the hosts that `up_and_stay` has left, and remove their files, also those of hosts whose
    starter was killed.

    Raises:
        LabError: others are at the hosts, with a command of theirs.
    """
    RUN.mkdir(parents=True, exist_ok=True)
    keeper = int(KEEPER.read_text()) if KEEPER.exists() else 0
    ran = bool(left())
    try:
        with locked(RUN, BUSY):
            _clear()
    except LabError:
        if not keeper:
            raise
        with contextlib.suppress(ProcessLookupError):
            os.kill(keeper, signal.SIGTERM)
        with locked(RUN):
            _clear()
    say("down: the KVM hosts have ended" if ran else "down: no KVM host ran")
