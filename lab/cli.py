"""The commands of lab/lab."""

from __future__ import annotations

import argparse
import errno
import signal
import sys
from typing import NoReturn

import hosts
import images
import kvm_hosts
from common import RUN, LabError, locked, run_tied, say

from vcperf.errors import VcperfError

WHAT_TO_DO = {
    errno.ENOSPC: "make room, and try again",
    errno.EACCES: "it must be yours: change its owner, or remove it as who made it (root?)",
    errno.EPERM: "it must be yours: change its owner, or remove it as who made it (root?)",
    errno.EROFS: "use a checkout that can be written",
}
BUSY = "somebody else is at this checkout's lab (lab/lab run, up or down); end that first"


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        the exit status.
    """
    options = _parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        return int(_do(options))
    except LabError as error:
        print(error.report(), file=sys.stderr)
        return 1
    except VcperfError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"lab: {_told(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return 130


def _told(error: OSError) -> str:
    """A file's fault in one line, and what to do."""
    if error.errno is None or error.filename is None:
        return " ".join(str(error).split())
    file = error.filename2 or error.filename
    advice = WHAT_TO_DO.get(error.errno, "`rm -r .tools/lab lab/run` starts again from nothing")
    return f"{file}: {error.strerror}; {advice}"


def _stop(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab/lab", description="Two Xen hosts or two KVM hosts.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("build", help="build the images")
    commands.add_parser("down", help="stop the hosts")
    commands.add_parser("status", help="say what runs")
    for name, text in (("up", "start the hosts"), ("run", "up, a command, down")):
        sub = commands.add_parser(name, help=text)
        sub.add_argument("--nodes", type=int, choices=(1, 2), default=2, help="hosts (2)")
        sub.add_argument("--native", action="store_true", help="boot without Xen")
        sub.add_argument("--fresh", action="store_true", help="boot, do not resume")
        sub.add_argument("--xen-options", default="", help="more of Xen's command line")
        if name == "run":
            sub.add_argument("argv", nargs="+", metavar="-- COMMAND", help="what to run")
    commands.add_parser("down-kvm", help="stop the KVM hosts")
    for name, text in (("up-kvm", "start KVM hosts"), ("run-kvm", "up-kvm, a command, down-kvm")):
        kvm = commands.add_parser(name, help=text)
        kvm.add_argument("--nodes", type=int, choices=(1, 2), default=2, help="hosts (2)")
        kvm.add_argument("--emulated", action="store_true", help="QEMU emulates the guests' CPUs")
        if name == "run-kvm":
            kvm.add_argument("argv", nargs="+", metavar="-- COMMAND", help="what to run")
    return parser


def _do(options: argparse.Namespace) -> int:
    if options.command == "build":
        say(f"images: {images.ensure()}")
    elif options.command == "down-kvm":
        kvm_hosts.down()
    elif options.command.endswith("-kvm"):
        kvm = kvm_hosts.Wanted(options.nodes, options.emulated)
        if options.command == "up-kvm":
            return kvm_hosts.up_and_stay(kvm)
        return kvm_hosts.tied_run(kvm, options.argv)
    elif options.command == "status":
        print("\n".join(hosts.status()))
    else:
        with locked(RUN, BUSY):
            if options.command == "down":
                hosts.down()
                return 0
            wanted = hosts.Wanted(options.nodes, options.native, options.xen_options)
            if options.command == "up":
                hosts.up(wanted, fresh=options.fresh)
            else:
                return _run(wanted, options)
    return 0


def _run(wanted: hosts.Wanted, options: argparse.Namespace) -> int:
    try:
        hosts.up(wanted, tied=True, fresh=options.fresh)
        return run_tied(options.argv)
    finally:
        hosts.down(keep_logs=True)
