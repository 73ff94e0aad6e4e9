"""QEMU's monitor, asked through QMP: where the processors of an emulated machine are.

Protocol: docs/interop/qmp-spec of QEMU's source. What `info registers` prints is that of
QEMU 7.2, target/i386/cpu-dump.c.
"""

from __future__ import annotations

import json
import os
import re
import socket

from vcperf.errors import quote
from vcperf.tools.filter import Untrusted

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

ANSWER_S = 20.0
REGISTERS = "info registers -a"
_CPU = re.compile(r"^[RE]IP=([0-9a-f]+) .*\bHLT=([01])", re.MULTILINE)
_WORD = re.compile(r"[0-9a-f]+: 0x([0-9a-f]+)\s*$")


class Monitor:
    """A connection to an emulator's QMP socket, which serves one at a time.

    Args:
        path: the socket.

    Raises OSError when nobody is there.
    """

    def __init__(self, path: str) -> None:
        folder, name = os.path.split(path)
        self._link = socket.socket(socket.AF_UNIX)
        self._link.settimeout(ANSWER_S)
        at = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            # A short name: a socket's path has 108 bytes at most.
            self._link.connect(f"/proc/self/fd/{at}/{name}")
            self._lines = self._link.makefile("rwb")
            self._lines.readline()  # the greeting
            self._execute([{"execute": "qmp_capabilities"}])
        except BaseException:
            self._link.close()
            raise
        finally:
            os.close(at)

    def close(self) -> None:
        self._link.close()

    def ask(self, commands: Sequence[str]) -> list[str]:
        """What the human monitor answers to each command, one right after the other.

        Raises OSError when the emulator does not answer, Untrusted when it refuses.
        """
        orders = [
            {"execute": "human-monitor-command", "arguments": {"command-line": command}}
            for command in commands
        ]
        return [str(answer) for answer in self._execute(orders)]

    def word(self, address: int) -> int:
        """The 64-bit word at a virtual address, as the first processor maps it now."""
        return parse_word(self.ask([word_command(address)])[0])

    def _execute(self, orders: Sequence[Mapping[str, Any]]) -> list[Any]:
        self._lines.write(b"".join(json.dumps(order).encode() + b"\n" for order in orders))
        self._lines.flush()
        answers: list[Any] = []
        while len(answers) < len(orders):
            line = self._lines.readline()
            if not line:
                raise ConnectionError("the emulator has ended")
            answer = json.loads(line)
            if "error" in answer:
                raise Untrusted(f"QEMU's monitor: {answer['error'].get('desc')}")
            if "return" in answer:  # else an event
                answers.append(answer["return"])
        return answers


def word_command(address: int) -> str:
    """The monitor's command that prints the 64-bit word at a virtual address."""
    return f"x /1gx {address:#x}"


def parse_word(text: str) -> int:
    """What that command printed.

    >>> hex(parse_word("ffff82d040594420: 0x0000000000000800\\r\\n"))
    '0x800'
    """
    match = _WORD.match(text)
    if not match:
        raise Untrusted(f"QEMU's monitor: not a word of memory: {quote(text)}")
    return int(match[1], 16)


def parse_registers(text: str) -> list[tuple[int, bool]]:
    """Of each processor, where it is and whether it is halted.

    Args:
        text: what REGISTERS printed.

    Raises Untrusted when no processor is in it. The address may be that of the beginning
    of a chain of blocks of translated code, on the same page.
    """
    found = [(int(address, 16), halted == "1") for address, halted in _CPU.findall(text)]
    if not found:
        raise Untrusted("QEMU's monitor: no registers in its answer")
    return found
