"""The parsers of xl's and xm's output: properties that no output may break."""

import subprocess
import sys

import pytest
from helpers.checkout import ROOT
from hypothesis import given
from hypothesis import strategies as st

from vcperf.errors import VcperfError
from vcperf.tools import xl, xl_rows
from vcperf.tools.filter import Untrusted

DATA = ROOT / "tests/data/xl"
OUTPUTS = sorted(DATA.glob("vcpu-*.txt"))
SOUND = [file for file in OUTPUTS if file.with_suffix(".csv").exists()]
FILTER = f"""
import sys
sys.path.insert(0, {str(ROOT / "scripts")!r})
from vcperf.tools import xl
status = xl.filter_main()
with open("/proc/self/status") as numbers:
    print(*(line.split()[1] for line in numbers if line.startswith("VmHWM:")), file=sys.stderr)
sys.exit(status)
"""
FAULTS = sorted(DATA.glob("fault-*.txt"))


# -- what damage may do to any sound output --------------------------------------------


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_output_cut_anywhere_gives_no_other_row(file):
    text = file.read_text()
    whole = xl.parse(text)
    for cut in range(len(text)):
        try:
            rows = xl.parse(text[:cut])
        except Untrusted:
            continue
        assert text[cut - 1] == "\n" and rows == whole[: len(rows)]


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_a_line_that_is_no_row_is_refused_anywhere(file):
    lines = file.read_text().splitlines(keepends=True)
    for foreign in (lines[0], "libxl_list_domain failed.\n", "x\n", "(XEN) d1v0 0 0 0 r-- 1.0\n"):
        for at in range(len(lines) + 1):
            with pytest.raises(Untrusted):
                xl.parse("".join([*lines[:at], foreign, *lines[at:]]))


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_a_row_that_comes_again_is_refused_anywhere(file):
    lines = file.read_text().splitlines(keepends=True)
    for again in lines[1:]:
        for at in range(1, len(lines) + 1):
            with pytest.raises(Untrusted):
                xl.parse("".join([*lines[:at], again, *lines[at:]]))


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
@pytest.mark.parametrize("garble", "#x:\x00\ufffd\u0663é")
def test_a_character_that_is_none_of_its_own_changes_no_figure(file, garble):
    """Names alone can hold anything."""
    text = file.read_text()
    whole = xl.parse(text)
    for at in range(len(text)):
        try:
            rows = xl.parse(text[:at] + garble + text[at + 1 :])
        except Untrusted:
            continue
        assert [list(row.values())[1:] for row in rows] == [list(row.values())[1:] for row in whole]


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_a_vcpu_that_is_missing_is_noticed(file):
    text = file.read_text()
    lines, rows = text.splitlines(keepends=True), xl.parse(text)
    for at, row in enumerate(rows):
        follows = rows[at + 1] if at + 1 < len(rows) else {"vcpu": 0}
        if follows["vcpu"] == 0:
            continue  # the last of its domain: nothing would tell
        with pytest.raises(Untrusted, match=f"expected VCPU {row['vcpu']}"):
            xl.parse("".join([*lines[: at + 1], *lines[at + 2 :]]))


def test_a_name_with_a_byte_that_is_not_text_is_refused():
    text = (DATA / "vcpu-hard-soft.txt").read_text()
    for damaged in ("Domain-\x00", "Domain-\ufffd"):
        with pytest.raises(Untrusted, match="damaged name"):
            xl.parse(text.replace("Domain-0", damaged))


def test_blank_lines_and_carriage_returns_mean_nothing():
    text = (DATA / "vcpu-hard-soft.txt").read_text()
    assert xl.parse("\n" + text.replace("\n", "\r\n") + "\n") == xl.parse(text)


def test_many_rows_are_read_in_little_memory(tmp_path):
    """Of one domain with as many VCPUs as five digits count; none is printed if one is damaged."""
    file = tmp_path / "rows"
    rows = "".join(f"a b 1 {vcpu} 3 r-- 5.0 0-3,5 / all\n" for vcpu in range(100_000))
    head = "Name ID VCPU CPU State Time(s) Affinity (Hard / Soft)\n"
    for end, status, lines in (("", 0, 100_001), ("x\n", 1, 0), ("y" * 10**6 + "\n", 1, 0)):
        file.write_text(head + rows + end)
        with file.open() as text:
            done = subprocess.run(
                [sys.executable, "-c", FILTER], stdin=text, capture_output=True, check=False
            )
        assert (done.returncode, done.stdout.count(b"\n")) == (status, lines)
        *said, kilobytes = done.stderr.decode().splitlines()
        assert len(said) == status and all(len(line) <= 300 for line in said)
        assert int(kilobytes) < 100_000


def test_more_domains_than_a_host_has_are_refused(monkeypatch):
    monkeypatch.setattr(xl_rows, "MOST_DOMAINS", 10)
    with pytest.raises(Untrusted, match="more than 10 domains"):
        xl.parse(
            "Name ID VCPUs CPU State Time(s) CPU Affinity\n"
            + "".join(f"domain{number} 0 1.0 all\n" for number in range(30))
        )


# -- rows in the format of each version read back --------------------------------------

HEADER = "{:<32} {:>5} {:>5} {:>5} {:>5} {:>9} {}\n"
FORMATS = {
    "xl": (
        HEADER.format("Name", "ID", "VCPU", "CPU", "State", "Time(s)", "Affinity (Hard / Soft)"),
        "{:<32} {:>5} {:>5} {:>5} {:>5} {:9.1f}  {} / {}\n",
    ),
    "xl before 4.5": (
        HEADER.format("Name", "ID", "VCPU", "CPU", "State", "Time(s)", "CPU Affinity"),
        "{:<32} {:>5} {:>5} {:>5} {:>5} {:9.1f}  {}\n",
    ),
    "xm": (
        HEADER.format("Name", "ID", "VCPUs", "CPU", "State", "Time(s)", "CPU Affinity"),
        "{:<32} {:>5} {:5} {:>5} {:>5}  {:8.1f} {}\n",
    ),
    "xm 3.0": (
        "Name                              ID  VCPU  CPU  State  Time(s)  CPU Affinity\n",
        "{:<32} {:>3} {:>4}  {:>3}   {:<3}  {:7.1f}  {}\n",
    ),
}
words = st.text("abcXYZ019.-_+:/", min_size=1, max_size=20)
names = st.lists(words, min_size=1, max_size=4).map(" ".join)
online = st.tuples(st.integers(0, 4095), st.sampled_from(["r--", "-b-", "---", "rb-"]))
cpus = st.sets(st.integers(0, 200), max_size=20).map(xl.affinity) | st.just("all")
seconds = st.integers(0, 10**9).map(lambda tenths: tenths / 10)
vcpus = st.tuples(online | st.just((None, "--p")), seconds, cpus, cpus)
domains = st.lists(
    st.tuples(names, st.integers(0, 32751), st.lists(vcpus, min_size=1, max_size=4)),
    min_size=1,
    max_size=5,
    unique_by=(lambda domain: domain[0], lambda domain: domain[1]),
)


@given(domains, st.sampled_from(sorted(FORMATS)), st.booleans())
def test_rows_read_back(machine, version, old_words):
    header, form = FORMATS[version]
    text, rows = header, []
    for named, number, held in machine:
        # One affinity may be of several words; a name must be one, then.
        name = named if version == "xl" else named.replace(" ", "=")
        for vcpu, ((cpu, state), time_s, hard, soft) in enumerate(held):
            word = {"all": "any cpu", "none": "no cpus"}.get(hard, hard)
            shown = word if old_words and version != "xl" else hard
            place = "-" if cpu is None else cpu
            text += form.format(name, number, vcpu, place, state, time_s, shown, soft)
            soft_read = soft if version == "xl" else None
            rows.append((name, number, vcpu, cpu, state, time_s, hard, soft_read))
    assert xl.parse(text) == [dict(zip(xl.COLUMNS, row, strict=True)) for row in rows]


@given(st.text() | st.text(alphabet="0123456789-rbp. /all\n").map(FORMATS["xl"][0].__add__))
def test_any_text_is_read_or_refused_in_one_line(text):
    for parse in (xl.parse, xl.parse_info):
        try:
            assert parse(text)
        except Untrusted as reason:
            assert "\n" not in str(reason)
    assert xl.fault(text) and "\n" not in xl.fault(text)


# -- info --------------------------------------------------------------------------------


def test_info_is_split_at_the_first_colon_and_goes_on_in_indented_lines():
    info = xl.parse_info((DATA / "info-xm-3.3.txt").read_text())
    assert (info["nr_cpus"], info["xen_minor"], info["virt_caps"]) == ("8", "3", "")
    assert info["cc_compile_date"] == "Tue Jun  9 16:20:41 UTC 2009"
    assert info["node_to_cpu"] == "node0:0-3 node1:4-7"
    assert info["xen_caps"] == "xen-3.0-x86_64 xen-3.0-x86_32p"


def test_info_of_4_17():
    info = xl.parse_info((DATA / "info-4.17.txt").read_text())
    assert (info["nr_cpus"], info["max_cpu_id"], info["xen_version"]) == ("4", "3", "4.17.7")
    assert info["virt_caps"] == "pv hvm gnttab-v1 gnttab-v2" and info["xen_changeset"] == ""
    assert info["xen_commandline"].startswith("console=com1 com1=115200,8n1 dom0_mem=768M,max:768M")


@pytest.mark.parametrize("file", sorted(DATA.glob("info-*.txt")), ids=lambda file: file.stem)
def test_info_that_lacks_what_matters_is_refused(file):
    lines = file.read_text().splitlines(keepends=True)
    for lacking, keys in (("nr_cpus", ("nr_cpus",)), ("xen_major", ("xen_major", "xen_version"))):
        with pytest.raises(Untrusted, match=lacking):
            xl.parse_info("".join(line for line in lines if not line.startswith(keys)))
    for foreign in (lines[0], "libxl: error: libxl.c:1: failed: 3\n", "libxl_physinfo failed.\n"):
        for at in range(len(lines) + 1):
            with pytest.raises(Untrusted):
                xl.parse_info("".join([*lines[:at], foreign, *lines[at:]]))
    with pytest.raises(Untrusted, match="cut off"):
        xl.parse_info("".join(lines)[:-1])
    with pytest.raises(Untrusted, match="nr_cpus"):
        xl.parse_info(
            "".join(lines).replace("nr_cpus                : ", "nr_cpus                : -")
        )


# -- affinities and command lines --------------------------------------------------------


@given(st.sets(st.integers(0, 300), min_size=1))
def test_an_affinity_is_the_set_that_it_was_written_from(cpus):
    text = xl.affinity(list(cpus))
    assert xl.cpu_set(text, 301) == sorted(cpus)
    with pytest.raises(Untrusted, match="the host has"):
        xl.cpu_set(text, max(cpus))


def test_an_affinity_is_written_as_short_as_it_can_be():
    assert xl.affinity([5, 2, 1, 0, 2]) == "0-2,5"
    assert xl.affinity([]) == "none"
    assert xl.cpu_set("all", 3) == [0, 1, 2] and xl.cpu_set("none", 3) == []
    text = (DATA / "vcpu-hard-soft.txt").read_text().replace("0,2-3,5", "0,1,2-3,5")
    assert xl.parse(text)[1]["hard_affinity"] == "0-3,5"
    for bad in ("", "3-1", "0,0", "1,", "nodes:0", "0-3,^1", "-1", "0-", "03", "99999999"):
        with pytest.raises(Untrusted):
            xl.cpu_set(bad, 8)
    with pytest.raises(VcperfError):
        xl.affinity([-1])


def test_command_lines():
    assert xl.vcpu_list_argv("xl") == ["xl", "vcpu-list"]
    assert xl.info_argv("xm") == ["xm", "info"]
    assert xl.pin_argv("xl", "guest", 1, "0-2,5") == ["xl", "vcpu-pin", "guest", "1", "0-2,5"]
    assert xl.pin_argv("xl", 0, "all", "-", "all") == ["xl", "vcpu-pin", "0", "all", "-", "all"]
    assert xl.pin_argv("xm", "guest", 0, "all") == ["xm", "vcpu-pin", "guest", "0", "all"]


@pytest.mark.parametrize(
    "wrong",
    [
        ("xe", "guest", 0, "1"),
        ("xm", "guest", 0, "1", "all"),
        ("xm", "guest", 0, "-"),
        ("xl", "-f", 0, "1"),
        ("xl", "", 0, "1"),
        ("xl", "my guest", 0, "1"),
        ("xl", "guest", -1, "1"),
        ("xl", "guest", "any", "1"),
        ("xl", "guest", 0, ""),
        ("xl", "guest", 0, "none"),
        ("xl", "guest", 0, "1 2"),
        ("xl", "guest", 0, "1", "2-1"),
    ],
)
def test_a_pin_that_the_toolstack_would_not_take_is_refused(wrong):
    with pytest.raises(VcperfError):
        xl.pin_argv(*wrong)


# -- what a failed call is said to have failed of ------------------------------------------


@pytest.mark.parametrize("file", FAULTS, ids=lambda file: file.stem)
def test_a_fault_is_told_in_one_line(file):
    assert xl.fault(file.read_text()) + "\n" == file.with_suffix(".error").read_text()


def test_no_access_to_xen_says_what_to_do():
    said = xl.fault((DATA / "vcpu-4.17-no-xen.txt").read_text())
    assert said.startswith("Could not obtain handle on privileged command interface: No such file")
    assert "run it as root in dom0" in said
    assert "dom0" not in xl.fault("xl: debug: privileged command interface opened\nno\n")
    old = "xc: error: Could not obtain handle on privileged command interface (13 = Permission"
    assert "run it as root in dom0" in xl.fault(f"xm: debug: trying\n{old} denied)\n")


def test_a_fault_is_not_the_chatter_around_it():
    assert xl.fault("libxl: debug: libxl_ao: begin\nlibxl: warning: old\nxl: not found\n") == (
        "xl: not found"
    )
    assert xl.fault("Error: Domain 'guest' does not exist.\nUsage: xm vcpu-pin\n") == (
        "Domain 'guest' does not exist."
    )
    assert (
        xl.fault('Traceback (most recent call last):\n  File "xm"\nKeyError: 5\n') == "KeyError: 5"
    )
    assert xl.fault("\n\n") == xl.fault("") == "no error message"


def test_old_words_are_no_affinity_beside_a_soft_one():
    header, form = FORMATS["xl"]
    for hard, soft in (("any cpu", "all"), ("all", "any cpu"), ("no cpus", "none")):
        with pytest.raises(Untrusted):
            xl.parse(header + form.format("a", 0, 0, 0, "r--", 0.0, hard, soft))
