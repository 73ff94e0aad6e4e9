"""The samples of a profile as a table."""

import pytest
from helpers import damage

from vcperf.profilers import table_of
from vcperf.records import record
from vcperf.tables import profile

NAMES = {"event": "cpu-clock", "domain": "c000", "app": "a, b", "image": "x"}
ROWS = [
    {**NAMES, "symbol": 'operator,("x")', "samples": 12, "percent": 99.123456},
    {**NAMES, "domain": None, "app": "7", "symbol": "nan", "samples": 1, "percent": 1e-05},
    {**NAMES, "event": None, "symbol": None, "image": None, "samples": 3, "percent": None},
]


def test_a_record_keeps_samples_as_they_were(tmp_path):
    content = damage.sound("profile_netperf")
    content["profile"].update(table_of(ROWS))
    record.write(str(tmp_path / "1.json"), content)
    assert profile.sampled(record.read(str(tmp_path / "1.json"))["profile"]) == ROWS


def test_samples_of_older_records_are_csv():
    old = """event,domain,app,image,symbol,samples,percent
cpu-clock,c000,"a, b",x,"operator,(""x"")",12,99.123456
cpu-clock,,7,x,nan,1,1e-05
,c000,"a, b",,,3,
"""
    assert profile.sampled({"rows": old}) == ROWS


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("xen-syms-2.6.18-92.1.13.el5", "xen-syms"),
        ("xen-syms-4.17-amd64", "xen-syms"),
        ("vmlinux-2.6.18-xen", "vmlinux"),
        ("[kernel.kallsyms]", "vmlinux"),
        ("[netbk]", "netbk"),
        ("netbk", "netbk"),
        ("domain2-kernel", "domain2-kernel"),
        ("libvmlinux-1.so", "libvmlinux-1.so"),
        ("xen-syms", "xen-syms"),
    ],
)
def test_images_have_one_name(image, name):
    assert profile.image_name(image) == name
