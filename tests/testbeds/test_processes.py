"""What the kernel says of processes, CPUs and the machine."""

import pytest

from vcperf.testbeds import processes, remote


def test_others_run_when_most_glances_see_them(tmp_path, monkeypatch):
    seen = iter([1, 3, 2, 1, 1, 1, 3, 2, 1, 2])
    opened = open

    def stat(path, **options):
        assert path == "/proc/stat"
        (tmp_path / "stat").write_text(f"cpu  1 2 3\nprocs_running {next(seen)}\nsoftirq 1 2\n")
        return opened(tmp_path / "stat", **options)

    monkeypatch.setattr(processes, "open", stat, raising=False)
    assert not processes.others_run()
    assert processes.others_run()


def test_hosts_reached_by_ssh_are_not_asked():
    assert remote.RemoteTestbed.others_run(None) is False


def test_clock_rates_and_throttling_are_read_where_the_kernel_has_them(tmp_path):
    assert processes.cpu_state([0, 1], str(tmp_path)) == {}
    for name, text in (
        ("cpu0/cpufreq/scaling_cur_freq", "2400000\n"),
        ("cpu0/thermal_throttle/core_throttle_count", "7\n"),
        ("cpu1/cpufreq/scaling_cur_freq", "<unknown>\n"),
        ("cpu1/thermal_throttle/core_throttle_count", "8\n"),
        ("cpu1/thermal_throttle/package_throttle_count", "9\n"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert processes.cpu_state([0, 1, 2], str(tmp_path)) == {
        "cpu_khz": {"0": 2400000},
        "core_throttles": {"0": 7, "1": 8},
        "package_throttles": {"1": 9},
    }


@pytest.mark.parametrize(
    ("virtual", "files", "said"),
    [
        (False, {}, ""),
        (True, {}, "unnamed"),
        (True, {"hypervisor/type": "xen"}, "xen"),
        (False, {"hypervisor/type": "xen"}, "xen"),
        (True, {"class/dmi/id/sys_vendor": "QEMU", "class/dmi/id/product_name": "PC"}, "QEMU PC"),
        (False, {"class/dmi/id/sys_vendor": "Dell Inc."}, ""),
    ],
)
def test_a_hypervisor_is_recognised_by_its_name_or_its_machine(tmp_path, virtual, files, said):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n")
    assert processes.hypervisor(virtual, str(tmp_path)) == said
