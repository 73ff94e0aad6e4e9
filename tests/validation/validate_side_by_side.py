"""How much faster a campaign is when blocks that share no node are measured at the same time.

    PYTHONPATH=scripts:tests .venv/bin/python tests/validation/validate_side_by_side.py [SECONDS]

On simulated nodes (tests/standins/simulated.py), whose measurements wait for SECONDS (default: 2):

- four disjoint pairs of eight nodes, with 1 core and with 4, in turn;
- a mesh of 16 nodes with 8 cores, against its ideal of 15 matchings of two directions each.

Counted is from when the first block begins until the last has ended, so without Snakemake's start.
"""

import sys
import tempfile
from pathlib import Path

import yaml
from helpers import simulated
from helpers.checkout import Checkout

PAIRS = [f"d{i:02}->d{i + 1:02}" for i in range(0, 8, 2)]


def took(nodes: int, content: dict, cores: int, seconds: float) -> float:
    """Seconds from the first block's beginning to the last one's end."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout(Path(folder))
        simulated.add_to(checkout)
        simulated.write_cluster(checkout.folder, nodes)
        (checkout.folder / "campaign.yaml").write_text(yaml.safe_dump(content))
        done = checkout.snakemake(
            *("--cores", str(cores), "results/tables/netperf.csv", "--until", "measure"),
            configfile="campaign.yaml",
            env={"VCPERF_SIMULATED_WAIT": str(seconds)},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        simulated.most_at_once(simulated.log_of(checkout))
        times = [float(line) for line in (checkout.folder / simulated.TIMES).open()]
        return max(times) - min(times)


def main() -> None:
    """Print what was measured."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    pairs = simulated.campaign(8, PAIRS, blocks=5)
    for _ in range(2):
        alone, together = (took(8, pairs, cores, seconds) for cores in (1, 4))
        print(
            f"8 nodes, 20 blocks of {seconds:g} s: {alone:.1f} s one at a time,"
            f" {together:.1f} s side by side: {alone / together:.2f} times as fast",
            flush=True,
        )
    mesh = took(16, simulated.mesh_campaign(), 8, seconds)
    print(
        f"16 nodes, all pairs: {mesh:.1f} s, that is {mesh / 30 / seconds:.3f} of the ideal, which"
        f" is 15 matchings, two directions each ({30 * seconds:g} s)"
    )


if __name__ == "__main__":
    main()
