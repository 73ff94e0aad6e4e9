"""vcperf: what virtualisation costs a cluster, measured."""

__version__ = "0.1.0"
