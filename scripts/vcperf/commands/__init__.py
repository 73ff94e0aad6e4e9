"""The commands of `python -m vcperf`, one module each."""
