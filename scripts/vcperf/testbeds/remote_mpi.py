"""MPI on hosts reached by ssh: what a launcher wants to start elsewhere, we start, by our own
connections. So hosts need no way to log in to each other, and all ends with the campaign.

The launch agent, scripts/launchers/ask-launch, writes a line for each host into a FIFO in the first
domain, whose session brings it here, and waits for the answer.
"""

from __future__ import annotations

import contextlib
import os
import threading

from vcperf.basics.checkout import LAUNCHERS
from vcperf.basics.text import printed
from vcperf.errors import VcperfError
from vcperf.testbeds import remote_files
from vcperf.testbeds.cluster import Cluster

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vcperf.testbeds.remote_sessions import Session, Sessions

AGENT = "ask-launch"
STOP_S = 30.0
# Writes the status $2, and a fault $3, where the agent of the FIFO $1 waits. For reading
# and writing: that waits for no agent that has gone.
ANSWER = 'printf "%s %s\\n" "$2" "$3" 1<>"$1"'
# Prints the network interface that has the address $1.
INTERFACE = 'PATH="$PATH:/sbin:/usr/sbin"; ip -o -4 addr show to "$1"'


@contextlib.contextmanager
def cluster(
    sessions: Sessions, addresses: dict[str, str], interface: str, files: list[str]
) -> Iterator[Cluster]:
    """How an MPI launcher in the first of some domains reaches them all: by an agent that
    asks us.

    Args:
        sessions: of the testbed.
        addresses: domain -> its address, of the job's ranks.
        interface: the network interface that has them, see `common_interface`.
        files: files of this machine that each domain gets a copy of.
    """
    folder, program = remote_files.new_folder(), f"{LAUNCHERS}/{AGENT}"
    # The agent in all of them: daemons look for it, and only the first domain's is asked.
    copies = {os.path.basename(f): remote_files.content_of(f) for f in [*files, program]}
    with contextlib.ExitStack() as there:
        for domain in reversed(addresses):
            session = there.enter_context(remote_files.kept(sessions, domain, folder, copies))
        relay = Relay(sessions, session, folder, {a: domain for domain, a in addresses.items()})
        try:
            paths = [f"{folder}/{os.path.basename(file)}" for file in files]
            hosts = list(addresses.values())
            yield Cluster(hosts, interface, f"{folder}/{AGENT}", [], [], paths)
        finally:
            relay.close()


class Relay:
    """Answers the launch agents of one job, until it is closed.

    Args:
        sessions: of the testbed; those of the processes that are started are added.
        files: the session that keeps the agent, and prints what it asks for.
        folder: where the agent is.
        domains: address -> domain, of the job's ranks; the first is the launcher's.
    """

    def __init__(
        self, sessions: Sessions, files: Session, folder: str, domains: dict[str, str]
    ) -> None:
        self.sessions, self.files, self.folder, self.domains = sessions, files, folder, domains
        self.first = next(iter(domains.values()))
        self._started: list[threading.Thread] = []
        self._ranks: list[Session] = []
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def close(self) -> None:
        """End what was started and still runs; takes no more.

        Raises VcperfError when something does not end.
        """
        for session in [self.files, *self._ranks]:
            self.sessions.cut(session)
        for thread in [self._listening, *self._started]:
            thread.join(STOP_S)
            if thread.is_alive():
                raise VcperfError(
                    f"domain {self.first}: what its MPI launcher started elsewhere did not end"
                    f" within {STOP_S:g} s"
                )

    def _listen(self) -> None:
        assert self.files.process.stdout is not None
        for line in self.files.process.stdout:
            words = line.decode(errors="replace").rstrip("\n").split(" ", 2)
            if len(words) < 3:  # what the session prints at its end
                continue
            number, address, command = words
            asked = (f"{self.folder}/{number}", address, command)
            thread = threading.Thread(target=self._launch, args=asked, daemon=True)
            self._started.append(thread)
            thread.start()

    def _launch(self, agent: str, address: str, command: str) -> None:
        status, fault = 65, f"no domain of this job has the address {address}"
        try:
            if address in self.domains:
                session = self.sessions.start(self.domains[address], ["sh", "-c", command])
                self._ranks.append(session)
                run = self.sessions.end(session, None)
                status, fault = run["status"], " ".join(printed(run).split())
        except VcperfError as error:
            status, fault = 255, str(error)
        answer = ["sh", "-c", ANSWER, "vcperf", agent, str(status), fault]
        self.sessions.notify(self.first, answer)


def common_interface(listed: dict[str, str], addresses: dict[str, str]) -> str:
    """The network interface that has each domain's address, of one name in all of them.

    Args:
        listed: domain -> what INTERFACE printed there.
        addresses: domain -> its address.

    Raises VcperfError when a domain has no such interface, or the names differ.
    """
    names = {domain: interface_of(text) for domain, text in listed.items()}
    for domain, name in names.items():
        if not name:
            raise VcperfError(
                f"domain {domain}: no network interface there has {addresses[domain]}"
            )
    if len(set(names.values())) > 1:
        named = ", ".join(f"{name} in {domain}" for domain, name in names.items())
        raise VcperfError(f"MPI needs network interfaces of one name: it is {named}")
    return next(iter(names.values()))


def interface_of(text: str) -> str:
    """The name of the interface in a line of `ip -o addr`; empty when there is none.

    >>> interface_of("2: eth0    inet 10.9.0.11/24 brd 10.9.0.255 scope global eth0")
    'eth0'
    """
    words = text.split()
    return words[1] if len(words) > 1 else ""
