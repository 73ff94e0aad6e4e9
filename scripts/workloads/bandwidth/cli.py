"""The command line: serve, pathload, pathrate, bundle."""

import argparse
import json
import sys
import time

from bandwidth import bundle, pacing, pathload, pathrate, server
from bandwidth.errors import ProbeError
from bandwidth.session import Session

GRACE_S = 1.5  # past the duration, for what is on its way


def main(argv=None):
    """Run a command; returns the exit status: 0, 1 after a line on stderr, 2 for usage."""
    options = _parser().parse_args(argv)
    try:
        if options.command == "serve":
            server.serve(options.address, options.port)
        elif options.command == "bundle":
            bundle.write(options.file)
        else:
            print(json.dumps(_estimate(options)))
    except (ProbeError, OSError) as fault:
        print(f"bandwidth: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _estimate(options):
    method = pathload if options.command == "pathload" else pathrate
    keys = vars(method.Settings())
    settings = method.Settings(**{key: getattr(options, key) for key in keys})
    deadline_s = time.monotonic() + settings.duration_s + GRACE_S
    priority = pacing.take_priority()
    session = Session(options.address, options.port, deadline_s, priority)
    try:
        return method.estimate(session, settings)
    finally:
        session.close()


def _parser():
    parser = argparse.ArgumentParser(prog="bandwidth", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True
    serve = commands.add_parser("serve", help="take probes, until SIGTERM")
    load = commands.add_parser("pathload", help="available bandwidth from here to a server")
    rate = commands.add_parser("pathrate", help="capacity from here to a server")
    pack = commands.add_parser("bundle", help="write all of this as one file")
    pack.add_argument("file")
    for command in (serve, load, rate):
        command.add_argument("--address", required=True)
        command.add_argument("--port", required=True, type=_port)
    _numbers(load, pathload.Settings(), packets=(0, 1000), streams=(3, 50))
    _numbers(rate, pathrate.Settings(), pairs=(40, 10000), trains=(5, 1000))
    return parser


def _numbers(command, defaults, **counts):
    limits = dict(counts, largest=(572, 65000), duration_s=(2.0, 600.0))
    for name, (least, most) in sorted(limits.items()):
        command.add_argument(
            "--" + name.replace("_s", "-s") if name == "duration_s" else "--" + name,
            type=_within(type(least), least, most),
            default=getattr(defaults, name),
            help=f"{least} to {most} (default {getattr(defaults, name)})",
        )


def _within(kind, least, most):
    def read(text):
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"not between {least} and {most}")
        return value

    read.__name__ = kind.__name__
    return read


def _port(text):
    return _within(int, 1, 65535)(text)
