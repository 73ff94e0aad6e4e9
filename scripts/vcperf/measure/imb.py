"""One block of another benchmark of IMB-MPI1: measured as the ping-pong is."""

from __future__ import annotations

import sys

from vcperf.measure.block import main
from vcperf.measure.pingpong import measure

if __name__ == "__main__":
    sys.exit(main(measure))
