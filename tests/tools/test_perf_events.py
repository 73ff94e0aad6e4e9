"""Reports of perf whose events need care: hybrid cores, samples without a period."""

import io

from vcperf.tools import perf


def test_cores_of_two_kinds_count_one_event():
    text = "".join(
        f"cc 7/7 [00{cpu}] {cpu}.5: 100 cpu_{kind}/cycles/: ff f+0x1 ([kernel.kallsyms])\n"
        for cpu, kind in ((0, "core"), (1, "atom"), (2, "atom"))
    )
    (row,) = perf.read(io.BytesIO(text.encode())).rows
    assert (row["event"], row["samples"], row["percent"]) == ("cycles", 3, 100)


def test_samples_of_no_period_have_no_share():
    text = "cc 7/7 [000] 1.5: 0 cycles: ff f+0x1 ([kernel.kallsyms])\n"
    (row,) = perf.parse(text)
    assert (row["samples"], row["percent"]) == (1, 0)
