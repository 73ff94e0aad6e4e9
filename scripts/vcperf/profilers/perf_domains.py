"""perf in each domain that is reached by ssh: the dom0s, and those in which something runs.

Every domain is a kernel of its own, which samples itself; what the hypervisor does for it
hides in its hypercalls. Takes orders as the perf of a local testbed does, see
`vcperf.profilers.perf`; its files are in a folder that goes with the connection.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import shlex
import subprocess
from collections import Counter

from vcperf.errors import VcperfError
from vcperf.profilers import bounded, table_of
from vcperf.testbeds.ssh_faults import reason
from vcperf.tools import perf_commands, perf_stacks
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from typing import Any

    from vcperf.testbeds.contract import SampledBySsh, TestbedClass
    from vcperf.tools.perf_chunks import Lines

END_S = 60
READY_S = 60.0  # an emulated domain takes seconds to start perf
# Runs perf record, "$@", with its own folder, whose name it prints first. Answers orders with
# perf's error once perf has ended.
HOLD = r"""
command -v perf >/dev/null || { echo "perf: not found there; install it"; exit 1; }
dir=$(mktemp -d /tmp/vcperf.XXXXXX) && mkfifo "$dir/orders" "$dir/answers" || exit 1
trap 'rm -rf "$dir"; exit 0' TERM
"$@" --output="$dir/perf.data" --control="fifo:$dir/orders,$dir/answers" >"$dir/log" 2>&1 &
echo $! >"$dir/pid"
echo "$dir"
wait $!
echo "ended $?"
while :; do
  read -r order <"$dir/orders"
  grep '[a-z]' "$dir/log" | grep -v '^Error:$' | head -n 1 >"$dir/answers"
done &
wait $!
"""
ORDER = 'echo "$2" >"$1/orders" && read -r answer <"$1/answers" && echo "$answer"'
ORDER_S = "30"
LATE = 124  # timeout(1)
# Ends perf record, which gets $2 s for it, and prints its events and samples: in one, for each
# call takes one or two seconds on an emulated host.
FINISH = f"""
read -r pid <"$1/pid"
kill -INT "$pid"
tries=$(($2 * 10))
while kill -0 "$pid" 2>/dev/null; do
  [ $((tries -= 1)) -ge 0 ] || {{ echo "record did not end within $2 s"; exit 1; }}
  sleep 0.1
done
{shlex.join(perf_commands.evlist_argv("DATA"))} && echo &&
{shlex.join(perf_commands.script_argv("DATA"))}
""".replace("DATA", '"$1/perf.data"')


def fault(testbed: type[TestbedClass], wanted: dict[str, Any]) -> str:
    """See `vcperf.profilers.fault`: only the domains can tell."""
    return ""


class Sampler:
    """See `vcperf.profilers.Sampler`.

    Args:
        testbed: up and pinned.
        wanted: event, frequency_hz.
    """

    def __init__(self, testbed: SampledBySsh, wanted: dict[str, Any]) -> None:
        self.testbed, self.wanted = testbed, wanted
        dom0s = [node["dom0"] for node in testbed.nodes.values()]
        self.hosts = {d: testbed.host_of(d) for d in [*dom0s, *testbed.spec["ends"]]}
        self.sessions: dict[str, tuple[subprocess.Popen[bytes], int]] = {}
        self.folders: dict[str, str] = {}

    def __enter__(self) -> Sampler:
        argv = perf_commands.record_argv(
            output="", event=self.wanted["event"], frequency_hz=self.wanted["frequency_hz"],
            stacks=True,
        )  # fmt: skip
        argv = [word for word in argv if word != "--output="] + ["--delay=-1"]
        command = ["sh", "-c", HOLD, "vcperf", *argv]
        try:
            for domain, host in self.hosts.items():
                self.sessions[domain] = self.testbed.ssh.session(host, command)
            for domain in self.hosts:
                answer = self._line(domain)
                if not answer.startswith("/"):
                    raise VcperfError(f"domain {domain}: {answer}")
                self.folders[domain] = answer
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for _ssh, lifeline in self.sessions.values():
            os.close(lifeline)
        for ssh, _lifeline in self.sessions.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                ssh.wait(END_S)
            ssh.kill()
            ssh.wait()
        self.sessions.clear()

    def start(self) -> None:
        self._order("enable")

    def stop(self) -> None:
        self._order("disable")

    def result(self) -> dict[str, Any]:
        finish, end_s = ["sh", "-c", FINISH, "perf"], str(END_S)
        printed = self._ask({d: [*finish, f, end_s] for d, f in self.folders.items()})
        rows: list[dict[str, Any]] = []
        folded: list[str] = []
        idle = lost = 0
        used = set()
        for domain, text in printed.items():
            try:
                listed, _, samples = text.partition("\n\n")
                events = perf_commands.parse_evlist(listed)
                stream = io.BytesIO(samples.encode("utf-8", errors="replace"))
                its, stacks, idle_there, lost_there = self._read(domain, stream)
            except Untrusted as fault:
                raise VcperfError(f"domain {domain}: perf: cannot be read: {fault}") from None
            used.add(perf_commands.fallback(self.wanted["event"], events) or self.wanted["event"])
            rows += its
            folded += stacks
            idle += idle_there
            lost += lost_there
        kept, left_out = bounded(folded)
        times = {perf_commands.sample_ns(e, self.wanted["frequency_hz"]) for e in used}
        return {
            "event_asked": self.wanted["event"],
            "event": "+".join(sorted(used)),
            "sample_ns": times.pop() if len(times) == 1 else None,
            "idle": idle,
            "lost": lost,
            **table_of(_shares(rows)),
            "folded": kept,
            "folded_left_out": left_out,
        }

    def _read(self, domain: str, stream: Lines) -> tuple[list[dict[str, Any]], list[str], int, int]:
        """What perf script printed where a domain is: rows of `vcperf.tools.perf`, folded stacks,
        and the samples of idle CPUs and those lost. Raises Untrusted."""
        profile, folded = perf_stacks.read(stream, lambda _: domain)
        idle = sum(row["samples"] for row in profile.idle)
        return profile.rows, folded, idle, profile.lost

    def _line(self, domain: str) -> str:
        """What a domain's session prints next, or why it ended instead.

        Raises VcperfError when it prints nothing in time.
        """
        ssh = self.sessions[domain][0]
        assert ssh.stdout is not None and ssh.stderr is not None
        if not select.select([ssh.stdout], [], [], READY_S)[0]:
            raise VcperfError(f"domain {domain}: perf record: no answer within {READY_S:g} s")
        answer = ssh.stdout.readline().decode(errors="replace").strip()
        return answer or reason(ssh.stderr.read())

    def _order(self, order: str) -> None:
        """Give all an order, and wait until each has obeyed."""
        argv = ["timeout", ORDER_S, "sh", "-c", ORDER, "perf"]
        late = f"perf record: no answer to {order} within {ORDER_S} s"
        for domain, answer in self._ask(
            {d: [*argv, folder, order] for d, folder in self.folders.items()}, late
        ).items():
            if "ack" not in answer:
                raise VcperfError(f"domain {domain}: perf record: {answer.strip()}")

    def _ask(self, commands: dict[str, list[str]], late: str = "") -> dict[str, str]:
        """Run a command in each domain, side by side; what each printed.

        Raises VcperfError naming the domain where it failed; with `late` past its timeout.
        """
        argvs = [(self.hosts[domain], argv) for domain, argv in commands.items()]
        found = {}
        for domain, (status, output) in zip(
            commands, self.testbed.ssh.in_order(argvs), strict=True
        ):
            if late and status == LATE:
                raise VcperfError(f"domain {domain}: {late}")
            if status != 0:
                fault = f"perf: {perf_commands.refusal(output)}"
                raise VcperfError(f"domain {domain} ({self.hosts[domain]}): {fault}")
            found[domain] = output
        return found


def _shares(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of all domains, with percent of all their periods, most samples first."""
    totals: Counter[str] = Counter()
    for row in rows:
        totals[row["event"]] += row["period"]
    for row in rows:
        total = totals[row["event"]]
        row["percent"] = round(100 * row["period"] / total, 6) if total else 0.0
    return sorted(rows, key=lambda row: (-row["samples"], *map(str, row.values())))
