"""QEMU's own monitor."""

import contextlib

import pytest

from vcperf.tools import qmp
from vcperf.tools.filter import Untrusted

pytestmark = pytest.mark.xdist_group("measuring")


# The first instruction of a PC; Intel's manual, volume 3, 10.1.4.
RESET = 0xFFF0


def test_the_monitor_tells_where_each_processor_is(emulator):
    with contextlib.closing(qmp.Monitor(str(emulator))) as monitor:
        registers, word = monitor.ask([qmp.REGISTERS, qmp.word_command(0)])
    assert [address for address, _ in qmp.parse_registers(registers)] == [RESET, RESET]
    assert qmp.parse_word(word) == 0  # empty memory


def test_what_the_monitor_refuses_is_an_error(emulator):
    with contextlib.closing(qmp.Monitor(str(emulator))) as monitor:
        with pytest.raises(Untrusted, match="not a word of memory: "):
            qmp.parse_word(monitor.ask(["no-such-command"])[0])
        with pytest.raises(Untrusted, match="no registers"):
            qmp.parse_registers(monitor.ask(["info status"])[0])
