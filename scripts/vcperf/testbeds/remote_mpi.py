"""MPI on hosts reached by ssh: what a launcher wants to start elsewhere, we start, by our own
connections. So hosts need no way to log in to each other, and all ends with the campaign.

The launch agent, scripts/ask-launch, writes a line for each host into a FIFO in the first
domain, whose session brings it here, and waits for the answer.
"""

from __future__ import annotations

import threading

from vcperf.errors import VcperfError

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from vcperf.testbeds.remote import RemoteTestbed, Session

AGENT = "ask-launch"
STOP_S = 30.0
# Writes the status $2, and a fault $3, where the agent of the FIFO $1 waits. For reading
# and writing: that waits for no agent that has gone.
ANSWER = 'printf "%s %s\\n" "$2" "$3" 1<>"$1"'
INTERFACE = 'PATH="$PATH:/sbin:/usr/sbin"; ip -o -4 addr show to "$1"'


class Relay:
    """Answers the launch agents of one job, until it is closed.

    Args:
        testbed: its sessions are the processes that are started.
        files: the session that keeps the agent, and tells what it asks for.
        folder: where the agent is.
        domains: address -> domain, of the job's ranks; the first is the launcher's.
    """

    def __init__(
        self, testbed: RemoteTestbed, files: Session, folder: str, domains: dict[str, str]
    ) -> None:
        self.testbed, self.files, self.folder, self.domains = testbed, files, folder, domains
        self.first = next(iter(domains.values()))
        self._started: list[threading.Thread] = []
        self._sessions: list[Session] = []
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def close(self) -> None:
        """End what was started and still runs; takes no more.

        Raises VcperfError when something does not end.
        """
        for session in [self.files, *self._sessions]:
            self.testbed.cut(session)
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
            if len(words) < 3:  # what the session says at its end
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
                session = self.testbed.start(self.domains[address], ["sh", "-c", command])
                self._sessions.append(session)
                run = self.testbed.end(session, None)
                status, fault = run["status"], " ".join(run["output"].split())
        except VcperfError as error:
            status, fault = 255, str(error)
        answer = ["sh", "-c", ANSWER, "vcperf", agent, str(status), fault]
        self.testbed.tell(self.first, answer)


def interface_of(text: str) -> str:
    """The name of the interface in a line of `ip -o addr`; empty when there is none.

    >>> interface_of("2: eth0    inet 10.9.0.11/24 brd 10.9.0.255 scope global eth0")
    'eth0'
    """
    words = text.split()
    return words[1] if len(words) > 1 else ""
