"""Emulated nodes sampled from outside: those that are not as expected."""

import pytest
from helpers.emulator import SYMBOLS

from vcperf.errors import VcperfError
from vcperf.profilers.emulator import Node

pytestmark = pytest.mark.xdist_group("measuring")


@pytest.mark.parametrize(
    ("monitor", "symbols", "said"),
    [
        ("nobody.sock", SYMBOLS, r"node0: \S+nobody.sock: No such file"),
        ("qmp.sock", "", r"node0: \S+xen.map: the symbols of Xen lack '_stext'"),
        ("qmp.sock", "ELF\x01", r"node0: \S+xen.map: not a symbol of Xen"),
        ("qmp.sock", SYMBOLS, r"node0: \S+qmp.sock: .*Cannot access memory.*; is \S+xen.map of"),
    ],
)
def test_a_node_that_is_not_as_expected_is_one_line(monitor, symbols, said, emulator, tmp_path):
    (tmp_path / "xen.map").write_text(symbols)
    files = {"monitor": str(emulator.parent / monitor), "symbols": str(tmp_path / "xen.map")}
    node = Node("node0", files, {"vc00": 0}, 97)
    with pytest.raises(VcperfError, match=said) as refused:
        node.connect()
    assert "\n" not in str(refused.value)
