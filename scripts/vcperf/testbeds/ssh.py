"""Hosts reached by OpenSSH: one connection a host, shared by all that is run there.

The user's own configuration, agent and known hosts hold. A *keeper* is the ssh process
that holds a host's connection (a control master), and on a node the lock that keeps
other campaigns away; both end with it, however that ends.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import select
import shlex
import subprocess
import sys

from vcperf.errors import VcperfError

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONTROL_FOLDER = "VCPERF_SSH_CONTROL"  # in the environment: where the campaign's sockets are
CONNECT_S = 10  # where the user's configuration names no ConnectTimeout
PATIENCE_S = 90
BATCH_S = 120

# Ends with its input, which ends with the connection. Says which boot of which machine it
# is on, and takes the machine's lock when told to: on the root directory, as on the host
# of a local campaign.
HOLD = """
exec 9</; echo "ready $(cat /proc/sys/kernel/random/boot_id)"
while read -r order; do flock -n 9 || { echo busy; flock 9; }; echo locked; done
"""

# Runs "$@" until it ends or its input does, at the latest with the connection: then all of
# it is ended. On stderr, what else there is to say of it: its pid first; of a server then
# whether it listens on its TCP port, $1 in hexadecimal; at its end its CPU time, the CPUs
# that the session is held to, and its status (255 alone could be ssh's own).
# Formats: proc(5), /proc/net/tcp (0A is TCP_LISTEN) and /proc/PID/status.
# Nearly all of it is the shell's own: starting a program takes long on an emulated host.
SESSION = """
trap "" HUP; exec 3<&0 4>&2 2>/dev/null
port=$1; shift
setsid "$@" </dev/null 2>&1 3<&- 4>&- & run=$!
echo "started $run" >&4
{ read -r end <&3; kill -TERM -$run; sleep 2; kill -KILL -$run; } >/dev/null 4>&- & watch=$!
listening() {
  for table in /proc/net/tcp /proc/net/tcp6; do
    while read -r number local remote state rest; do
      case $local-$state in *:"$port-0A") return 0 ;; esac
    done <$table
  done
  return 1
}
tries=200
while [ "$port" ]; do
  if listening; then echo listening >&4; break; fi
  tries=$((tries - 1))
  read -r stat </proc/$run/stat
  case $stat in *") Z "*) tries=0 ;; esac
  if [ $tries -le 0 ]; then echo silent >&4; break; fi
  sleep 0.1
done
wait $run; status=$?
kill $watch
times >&4
while read -r key value; do
  case $key in Cpus_allowed_list:) echo "$key $value" >&4 ;; esac
done </proc/$$/status
echo "status $status" >&4
"""
MARK = "-- vcperf: status"
SSH_FAILED = 255  # ssh(1), exit status: an error of its own


class Connections:
    """Connections to hosts.

    Args:
        config: a configuration file for ssh; None for the user's own.
    """

    def __init__(self, config: str | None) -> None:
        self.config = config
        self.shared = os.environ.get(CONTROL_FOLDER)
        self.folder = self.shared or f".snakemake/ssh/{os.getpid()}"
        self.keepers: dict[str, subprocess.Popen[bytes]] = {}

    def open(self, hosts: Mapping[str, bool]) -> dict[str, str]:
        """Open what is not open yet, side by side.

        Args:
            hosts: ssh destination -> whether to take the host's lock.

        Returns what went wrong, host -> one line; nothing for hosts that answer.
        """
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        wanted = [host for host in hosts if not os.path.exists(self._socket(host))]
        started = {host: self._keep(host) for host in wanted}
        faults = {}
        machines: dict[str, str] = {}
        for host, keeper in started.items():
            said = _line(keeper, PATIENCE_S)
            if not said.startswith("ready "):
                faults[host] = f"{host}: {_gave_up(keeper)}"
                continue
            self.keepers[host] = keeper
            if hosts[host]:
                machines[said] = host  # two names may be one machine
        # Everyone in the same order: no two campaigns wait for each other.
        for _, host in sorted(machines.items()):
            fault = _lock(host, self.keepers[host])
            if fault:
                faults[host] = fault
        return faults

    def close(self) -> None:
        """End the connections that we opened."""
        for keeper in self.keepers.values():
            keeper.kill()
        for host, keeper in self.keepers.items():
            keeper.wait()
            for file in glob.glob(f"{glob.escape(self._socket(host))}*"):
                os.unlink(file)
        self.keepers.clear()
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)

    def batch(
        self, commands: Mapping[str, Sequence[Sequence[str]]]
    ) -> dict[str, list[tuple[int, str]]]:
        """Run commands one after the other on each host, the hosts side by side.

        Args:
            commands: ssh destination -> argument lists.

        Returns ssh destination -> (status, output) of each command; of one that failed
        with the errors of all of them. Raises VcperfError naming the host that did not
        answer.
        """
        running = {}
        for host, argvs in commands.items():
            script = "\n".join(
                f"{shlex.join(argv)}; s=$?; echo; echo '{MARK}' $s" for argv in argvs
            )
            running[host] = self._start(host, ["sh", "-c", script], stdin=subprocess.DEVNULL)
        results = {}
        for host, process in running.items():
            try:
                output, errors = process.communicate(timeout=BATCH_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise VcperfError(f"{host}: did not answer within {BATCH_S} s") from None
            results[host] = _batch_results(output, errors)
            if len(results[host]) != len(commands[host]):
                raise VcperfError(f"{host}: {reason(errors)}")
        return results

    def ask_once(
        self, questions: Mapping[str, Sequence[Sequence[str]]]
    ) -> dict[str, list[tuple[int, str]]]:
        """As `batch`, for what cannot change while a connection lasts: a campaign's blocks
        find the answers of the first that asked. Commands that failed are asked again."""
        answers = {}
        notes = {
            host: f"{self._socket(host)}.{_digest(repr(argvs))}"
            for host, argvs in questions.items()
        }
        for host, note in notes.items():
            with contextlib.suppress(OSError), open(note, encoding="utf-8") as handle:
                answers[host] = [tuple(answer) for answer in json.load(handle)]
        asked = self.batch({h: argvs for h, argvs in questions.items() if h not in answers})
        for host, results in asked.items():
            if self.shared and not any(status for status, _ in results):
                partial = f"{notes[host]}.{os.getpid()}"
                with open(partial, "w", encoding="utf-8") as handle:
                    json.dump(results, handle)
                os.replace(partial, notes[host])
        return answers | asked

    def feed(self, host: str, argv: Sequence[str], content: bytes) -> bytes:
        """Run a command with an input; returns what it prints. (Not as an argument: some ssh
        servers take command lines of 9000 bytes at most.)

        Raises VcperfError naming the host, when the command fails or does not end.
        """
        process = self._start(host, argv, stdin=subprocess.PIPE)
        try:
            output, errors = process.communicate(content, timeout=BATCH_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise VcperfError(f"{host}: did not answer within {BATCH_S} s") from None
        if process.returncode == SSH_FAILED:
            raise VcperfError(f"{host}: {reason(errors)}")
        if process.returncode:
            said = errors.decode("utf-8", errors="replace").strip()
            raise VcperfError(f"{host}: {said or f'status {process.returncode}'}")
        return output

    def session(
        self, host: str, argv: Sequence[str], prefix: Sequence[str] = (), port: int = 0
    ) -> tuple[subprocess.Popen[bytes], int]:
        """Start a command that ends when we close its input, or end.

        Args:
            host: ssh destination.
            argv: the command.
            prefix: what the whole session runs under, such as `taskset -c 0`.
            port: of a server, the TCP port that it is waited to listen on.

        Returns our end of it, an ssh with what SESSION says on its stderr, and the file
        descriptor to close.
        """
        theirs, ours = os.pipe()
        command = [*prefix, "sh", "-c", SESSION, "vcperf", f"{port:04X}" if port else "", *argv]
        try:
            return self._start(host, command, stdin=theirs), ours
        finally:
            os.close(theirs)

    def _start(self, host: str, argv: Sequence[str], stdin: int) -> subprocess.Popen[bytes]:
        full = [*self._ssh(host), "-o", "ControlMaster=no", host, shlex.join(argv)]
        pipe = subprocess.PIPE
        return subprocess.Popen(full, stdin=stdin, stdout=pipe, stderr=pipe, bufsize=0)

    def _keep(self, host: str) -> subprocess.Popen[bytes]:
        options = ["-o", "ControlMaster=yes", "-o", "ServerAliveInterval=10"]
        options += self._connect_timeout(host)
        pipe, script = subprocess.PIPE, shlex.join(["sh", "-c", HOLD])
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *self._ssh(host), *options, host, script],
            stdin=pipe,  # its other end is ours alone: it ends with us
            stdout=pipe,
            stderr=pipe,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for the campaign, which ends its keepers last
        )

    def _ssh(self, host: str) -> list[str]:
        options = ["-o", "BatchMode=yes", "-o", f"ControlPath={self._socket(host)}"]
        return ["ssh", *(["-F", self.config] if self.config else []), *options]

    def _connect_timeout(self, host: str) -> list[str]:
        """ConnectTimeout, unless the configuration has one: an option would override it."""
        argv = [*self._ssh(host), "-G", host]
        shown = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
        named = [line for line in shown.splitlines() if line.startswith("connecttimeout ")]
        ours = not named or named[0].endswith(" none")
        return ["-o", f"ConnectTimeout={CONNECT_S}"] if ours else []

    def _socket(self, host: str) -> str:
        # Short: a socket's path has 108 bytes.
        return f"{self.folder}/{_digest(host)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _lock(host: str, keeper: subprocess.Popen[bytes]) -> str:
    """Take a host's lock; wait, and say for whom, when it is taken. Returns a fault."""
    assert keeper.stdin is not None
    keeper.stdin.write(b"lock\n")
    said = _line(keeper, PATIENCE_S)
    if said == "busy":
        print(f"Waiting: another campaign is measuring on {host}.", file=sys.stderr, flush=True)
        said = _line(keeper, None)
    return "" if said == "locked" else f"{host}: cannot be locked: {_gave_up(keeper)}"


def _line(keeper: subprocess.Popen[bytes], patience_s: float | None) -> str:
    """The next line that a keeper's host says; empty past the patience or the end."""
    assert keeper.stdout is not None
    if not select.select([keeper.stdout], [], [], patience_s)[0]:
        return ""
    return keeper.stdout.readline().decode(errors="replace").strip()


def _gave_up(keeper: subprocess.Popen[bytes]) -> str:
    """End a keeper that does not hold its host; returns why it does not."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        keeper.wait(1)  # it may have ended by itself, and says why
    keeper.kill()
    assert keeper.stderr is not None
    return reason(keeper.stderr.read())


def _batch_results(output: bytes, errors: bytes) -> list[tuple[int, str]]:
    """What each command of a batch printed; on failure with what went to stderr."""
    said = errors.decode("utf-8", errors="replace")
    results = []
    lines: list[str] = []
    for line in output.decode("utf-8", errors="replace").split("\n"):
        if line.startswith(MARK):
            status, text = int(line[len(MARK) :]), "\n".join(lines)
            results.append((status, f"{text}{said}" if status else text))
            lines = []
        else:
            lines.append(line)
    return results


def reason(errors: bytes) -> str:
    """Why ssh gave up, in one line."""
    text = errors.decode("utf-8", errors="replace").replace("\r", "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in text:
        return (
            "its host key has changed, so ssh does not trust it; if you know why, remove the"
            " old key (ssh-keygen -R) and run again"
        )
    if "Host key verification failed." in text:
        return "its host key is not known; connect once by hand (ssh), or add it to known_hosts"
    if "Permission denied" in text:
        return f"refused our key ({lines[-1]}); is it in authorized_keys, and in the agent?"
    said = [line for line in lines if "mux_client" not in line]
    return f"cannot be reached by ssh ({said[-1] if said else 'the connection was lost'})"
