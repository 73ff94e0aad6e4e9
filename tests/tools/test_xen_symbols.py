"""Addresses in the hypervisor."""

from helpers.emulator import SYMBOLS

from vcperf.tools import xen_symbols


def test_an_address_in_the_hypervisor_has_the_function_before_it():
    symbols = xen_symbols.Symbols(SYMBOLS)
    assert symbols.function(0xFFFF82D040200041) == "common/timer.c#up_heap"
    assert symbols.function(0xFFFF82D0402FFFFF) == "do_iret"
    assert symbols.function(0xFFFF82D040300000) == xen_symbols.UNKNOWN  # data
    assert symbols.function(0xFFFF82CFFFFFE000) == xen_symbols.UNKNOWN  # a stub, before it
    assert symbols.current(0x1000) == 0xFFFF82D04057B8F8
    assert xen_symbols.in_hypervisor(0xFFFF82D040200041)
    assert not any(map(xen_symbols.in_hypervisor, (0xFFFFFFFF81000000, 0x7F0000000000)))
