"""Shares of a node's CPU time."""

from vcperf.tables import profile_nodes


def test_shares_of_a_nodes_time_add_up():
    """200 samples of the emulator; perf in c000 counted 30 in the kernel and 10 in netserver."""
    inside = "event,domain,app,image,symbol,samples,percent\n"
    inside += "cpu-clock,c000,netserver,[kernel.kallsyms],f,30,\n"
    inside += "cpu-clock,c000,netserver,netserver,g,10,\n"
    node = {"samples": 200, "idle": 60, "seconds": 2.0}
    node |= {"hypervisor": {"do_iret": 30, "start": 10}, "domains": {"c000": 80, "c001": 20}}
    content = {"profile": {"rows": inside, "nodes": {"node0": node}}}
    rows = profile_nodes.rows({"block": "1"}, content, 0)
    share = {(r["domain"], r["image"], r["symbol"]): r["percent"] for r in rows}
    assert share == {
        ("xen", "all", ""): 20,
        ("xen", "xen-syms", "do_iret"): 15,
        ("xen", "xen-syms", "start"): 5,
        ("c000", "all", ""): 40,
        ("c000", "vmlinux", ""): 30,
        ("c000", "netserver", ""): 10,
        ("c001", "all", ""): 10,
        ("[idle]", "all", ""): 30,
    }
    assert profile_nodes.rows({"block": "1"}, {"profile": {"rows": inside}}, 0) == []
