"""Snakemake script: tables of blocks to results/tables/claims.csv."""

from vcperf.analysis import claims
from vcperf.tables.read import read_table


def main(tables: dict[str, str], described: dict, output: str) -> None:
    """Hold every claim against the tables that there are."""
    found = {name: read_table(path) for name, path in tables.items()}
    claims.judge(described, found).to_csv(output, index=False)


if __name__ == "__main__":
    main(
        {name: path for name, path in snakemake.input.items() if name != "modules"},
        snakemake.params.claims,
        snakemake.output.claims,
    )
