"""A shell program that prints what a host is set to; `vcperf.tools.host_settings` parses it.

It reads /sys and /proc and asks `ip`, `ethtool`, `xl`, `netperf` and `netserver` where they are
there. It prints sections, each below a line ``== WHAT``: `asked` with the parts asked for, `files`
(grep's ``PATH:LINE``), then commands as they were typed with what they printed; the last is `end`.

Formats: the kernel's Documentation/ABI (testing/sysfs-class-net, testing/sysfs-devices-system-cpu,
stable/sysfs-devices-node) and Documentation/admin-guide/sysctl/net.rst.
"""

from __future__ import annotations

# The parts that a call may ask for. LINKS is NET without /sys, which in another network namespace
# shows the interfaces of the one in which it was mounted.
HOST, NET, LINKS, TOOLS = "host", "net", "links", "tools"
PARTS = f"{HOST} {NET} {TOOLS}"

# $1: the parts, separated by blanks. $2: the only interface of interest; else all that are up.
# No single quotes: quoted for ssh, each would grow to many bytes. One grep for all files: starting
# a program takes long on an emulated host.
PROGRAM = r"""
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin; export LC_ALL PATH; exec 2>/dev/null
parts=$1 only=$2; set --
echo "== asked $parts"
show() { echo "== $*"; "$@"; }
have() { command -v "$1" >/dev/null; }
cpu=/sys/devices/system/cpu net=/proc/sys/net names=
case $parts in *host*)
  set -- $cpu/online $cpu/isolated $cpu/nohz_full $cpu/smt/control $cpu/cpufreq/boost \
    $cpu/intel_pstate/no_turbo $cpu/cpuidle/current_driver $cpu/cpuidle/current_governor \
    $cpu/vulnerabilities/* $cpu/cpu[0-9]*/topology/thread_siblings_list \
    $cpu/cpu[0-9]*/cpufreq/scaling_[dgm]* $cpu/cpu[0-9]*/cpufreq/energy_performance_preference \
    /sys/devices/system/node/node[0-9]*/cpulist /sys/hypervisor/type \
    /sys/devices/system/clocksource/clocksource0/current_clocksource \
    /sys/kernel/mm/transparent_hugepage/enabled /proc/sys/kernel/numa_balancing
esac
set -- "$@" $net/core/* $net/ipv4/tcp_* $net/ipv4/udp_* $net/bridge/*
echo "== files"
case $parts in *host*) grep -sHx irqbalance /proc/[0-9]*/comm ;; esac
case $parts in *net*)
  for path in ${only:+/sys/class/net/$only} ${only:-/sys/class/net/*}; do
    read -r flags <$path/flags || continue
    [ $((flags & 1)) -eq 1 ] || continue
    names="$names ${path##*/}"
    set -- "$@" $path/mtu $path/tx_queue_len $path/speed $path/threaded \
      $path/gro_flush_timeout $path/napi_defer_hard_irqs $path/device/numa_node \
      $path/device/uevent $path/queues/*/?ps_cpus
    for queue in $path/queues/*; do echo "$queue:"; done
    for irq in $path/device/msi_irqs/* $path/device/../msi_irqs/*; do
      irq=${irq##*/}
      read -r cpus </proc/irq/$irq/smp_affinity_list && echo "$path/irq/$irq:$cpus"
    done
  done
esac
case $parts in *links*) names=$(ip -o link show up | sed "s/^[0-9]*: //;s/[@:].*//") ;; esac
grep -sH "" "$@"
have ip && [ "$names" ] && show ip -o link show up
if have ethtool; then
  for name in $names; do
    show ethtool -k $name
    [ -e /sys/class/net/$name/device ] || continue
    for option in -c -g -l; do show ethtool $option $name; done
  done
fi
case $parts in *host*) [ -e /sys/hypervisor/type ] && have xl && show xl info -n ;; esac
case $parts in *tools*)
  for tool in netperf netserver; do have $tool && show $tool -V; done
esac
echo "== end"
"""


def argv(parts: str, interface: str = "") -> list[str]:
    """The program's command line.

    Args:
        parts: which of HOST, NET, LINKS and TOOLS, separated by blanks.
        interface: the only one of interest; empty for all that are up.
    """
    return ["sh", "-c", PROGRAM, "vcperf", parts, interface]
