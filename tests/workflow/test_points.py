"""Points A and B that the campaign's own curves decide."""

import numpy as np
import pandas as pd
import yaml
from helpers import pingpong_curves as made

from vcperf.planning import choices


def test_a_curve_without_an_anomaly_has_the_configurations_points(checkout):
    tables = checkout.folder / "results/tables"
    tables.mkdir()
    sizes = made.CAMPAIGN_SIZES
    flat = made.table(np.full(len(sizes), 30.0), np.zeros((3, len(sizes))), sizes)
    flat = flat.assign(path="c000->c010", shared_cpus="no", status="ok", platform="x")
    flat.to_csv(tables / "pingpong.csv", index=False)
    ep = "testbed,pinning,stack,program,class,processes,phase,block,mops,status,platform"
    (tables / "ep.csv").write_text(f"{ep}\n")
    choices.write({"A": 64, "B": 512}, str(checkout.folder / choices.POINTS))
    wanted = {"profile": {"pingpong": {"points": {"A": 4096, "B": 8192}}}}
    (checkout.folder / "points.yaml").write_text(yaml.safe_dump(wanted))
    rule = ("results/tables/points.csv", "--allowed-rules", "mpi_summary")
    done = checkout.snakemake(*rule, configfile="points.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = pd.read_csv(tables / "points.csv").to_dict("records")
    assert (row["a_bytes"], row["b_bytes"], row["source"]) == (4096, 8192, "default")
