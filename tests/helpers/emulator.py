"""QEMU before its first instruction, and symbols of a hypervisor."""

import shutil

QEMU = shutil.which("qemu-system-x86_64")
SYMBOLS = """\
0xffff82d040200000 T _stext
0xffff82d040200000 T start
0xffff82d040200040 t common/timer.c#up_heap
0xffff82d040200080 T do_iret
0xffff82d040300000 T _etext
0xffff82d040594420 B __per_cpu_offset
0xffff82d04057a8f8 B per_cpu__curr_vcpu
"""
