"""The programs of a ping-pong: IMB-MPI1, ours (which prints the same) and osu_latency. A block's
spec says which; the rows of all have the columns of `vcperf.tools.imb`."""

from __future__ import annotations

from vcperf.tools import imb

TYPE_CHECKING = False  # typing costs start-up time that every block would pay
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from vcperf.tools.filter import Row

    Spec = Mapping[str, Any]

OSU = "osu_latency"
OSU_PRINTS = "# OSU "  # what it prints before it sends


def argv(spec: Spec, program: str, lengths_file: str) -> list[str]:
    """The command line of a block's program, without the launcher.

    Args:
        spec: program, message_bytes, repetitions, seconds, ranks and, for another benchmark of
            IMB-MPI1 than PingPong, benchmark.
        program: its path.
        lengths_file: has the message sizes, as `vcperf.tools.imb.lengths` writes them.

    Raises VcperfError for what the program would not take.
    """
    if _is_osu(spec):
        from vcperf.tools import osu

        return osu.latency_argv(program, spec["message_bytes"], spec["repetitions"])
    return imb.argv(
        program,
        [benchmark(spec)],
        lengths_file=lengths_file if spec["message_bytes"] else None,
        iterations=spec["repetitions"],
        # IMB gives a size up when it takes longer, ours repeats it less often.
        seconds=spec["seconds"] if "source" in spec["program"] else None,
        all_processes=len(spec["ranks"]) if "benchmark" in spec else None,
    )


def benchmark(spec: Spec) -> str:
    """What a block measures, by IMB's name of it."""
    chosen: str = spec.get("benchmark", "PingPong")
    return chosen


def begins(spec: Spec) -> str:
    """What the program prints when it begins to measure."""
    return OSU_PRINTS if _is_osu(spec) else f"# Benchmarking {benchmark(spec)}"


def rows(spec: Spec, output: str) -> list[Row]:
    """The rows of a block, as `vcperf.tools.imb.parse` has them. osu_latency does not print how
    often it repeated a size: as often as it was told to.

    Raises Untrusted when the output is not that of the spec's program, or is damaged.
    """
    if not _is_osu(spec):
        return imb.parse(output)
    from vcperf.tools import osu

    return osu.pingpong_rows(output, spec["message_bytes"], spec["repetitions"])


def _is_osu(spec: Spec) -> bool:
    return bool(spec["program"]["name"] == OSU)
