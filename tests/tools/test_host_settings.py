"""What a host is set to: the program that prints it, and the parser's properties."""

import subprocess

import pytest
from helpers.checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf.tools import host_probe, host_settings
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/host_settings"
SOUND = [file for file in sorted(DATA.glob("*.txt")) if file.with_suffix(".csv").exists()]
VALUES = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40)


def printed(*asked: str) -> str:
    done = subprocess.run(host_probe.argv(*asked), capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout


@pytest.mark.parametrize("parts", ["host", "net", "links", "tools", host_probe.PARTS])
def test_the_program_prints_what_the_parser_reads(parts):
    found = host_settings.read(printed(parts))
    assert ("cpu.governor" in found) is ("host" in parts)
    assert ("tool.netserver" in found) is ("tools" in parts)
    assert found["sysctl.net.ipv4.tcp_congestion_control"]


def test_one_interface_can_be_asked_for():
    found = host_settings.read(printed("net", "lo"))
    interfaces = {name.split(".")[1] for name in found if name.startswith("net.")}
    assert interfaces == {"lo"} and int(found["net.lo.mtu"]) > 0


def test_the_program_passes_through_ssh_unchanged():
    """Quoted twice on the way, each single quote would grow; some servers take 9000 bytes."""
    assert "'" not in host_probe.PROGRAM and len(host_probe.PROGRAM) < 4000


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_output_cut_anywhere_is_refused(file):
    text = file.read_text().rstrip("\n")
    for cut in range(0, len(text), 7):
        with pytest.raises(Untrusted):
            host_settings.read(text[:cut])


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
@pytest.mark.parametrize("foreign", ["/etc/passwd:root", "no path", "relative/path:1"])
def test_a_line_that_is_none_of_a_file_is_refused(file, foreign):
    text = file.read_text().replace("== files\n", f"== files\n{foreign}\n")
    with pytest.raises(Untrusted, match="settings: "):
        host_settings.read(text)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), VALUES, max_size=5))
def test_a_sysctl_is_read_with_one_blank_between_its_words(values):
    values = {f"x_{name}": value for name, value in values.items()}
    lines = [f"/proc/sys/net/core/{name}:{value}" for name, value in values.items()]
    found = host_settings.read("\n".join(["== asked", "== files", *lines, "== end\n"]))
    wanted = {f"sysctl.net.core.{name}": " ".join(v.split()) or None for name, v in values.items()}
    assert found == wanted


def test_a_governor_of_some_cpus_shows_beside_the_others():
    files = "\n".join(
        f"/sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor:{governor}"
        for cpu, governor in enumerate(["performance", "powersave", "performance"])
    )
    found = host_settings.read(f"== asked host\n== files\n{files}\n== end\n")
    assert found["cpu.governor"] == "performance powersave"
