"""A plain shell loop of a tool on the path of a block, for `vcperf benchmark`: in the same
namespaces, behind the same shaped link, with the same arguments, against one server.

scripts/isolate TESTBED python3 -S -m vcperf.commands.benchmark_loop RECORD N
"""

from __future__ import annotations

import json
import shlex
import sys
import time
from typing import Any

from vcperf.testbeds import open_testbed

PATIENCE_S = 60


def main() -> int:
    """Run the measurement of a record N times in a row, and print the seconds that it took."""
    with open(sys.argv[1], encoding="utf-8") as handle:
        record = json.load(handle)
    count, spec = int(sys.argv[2]), record["spec"]
    argv, server = tool_argv(record, "measure"), tool_argv(record, "server")
    server = [word for word in server if word != "-1"]  # which serves one client alone
    # iperf3 may fail with status 0 where it prints JSON.
    tool = f'{shlex.join(argv)} >"$1" && ! grep -q \'"error"\' "$1" || exit 1'
    line = f"for _ in $(seq {count}); do {tool}; done"
    port = int(server[server.index("-p") + 1])
    with open_testbed(spec, {}) as testbed:
        testbed.pin()
        with testbed.serve(spec["receiver"], server, port):
            begin = time.monotonic()
            limit_s = count * (spec["duration_s"] + 1) + PATIENCE_S
            shell = ["sh", "-c", line, "loop", f"{sys.argv[1]}.output"]
            done = testbed.run(spec["sender"], shell, limit_s)
            print(time.monotonic() - begin)
    return int(done["status"])


def tool_argv(record: dict[str, Any], role: str) -> list[str]:
    """The command of a record that has a role, without what brings it into its domain.

    >>> record = {"commands": [{"role": "measure", "argv": ["taskset", "0", "netperf", "-l", "1"]}]}
    >>> tool_argv(record, "measure")
    ['netperf', '-l', '1']
    """
    (argv,) = (one["argv"] for one in record["commands"] if one["role"] == role)
    begin = next(i for i, word in enumerate(argv) if word in ("netperf", "netserver", "iperf3"))
    return list(argv[begin:])


if __name__ == "__main__":
    sys.exit(main())
