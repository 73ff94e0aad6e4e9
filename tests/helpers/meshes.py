"""Meshes as they might be measured: nodes that differ, pairs that differ a little, noise."""

import numpy as np
import pandas as pd

LABELS = {"testbed": "native", "pinning": "mesh", "test": "TCP_STREAM", "message_bytes": 65536}


def logarithms(nodes, blocks, chance, *, slow=None, slow_node=None, disturbed=0.03):
    """Logarithms of rates, nodes x nodes x blocks, sender by receiver; NaN on the diagonal.

    Args:
        slow: (sender, receiver, factor) of a pair.
        slow_node: (node, factor), of all that it sends and receives.
        disturbed: the share of blocks that lose up to 30 % unnoticed.
    """
    size = (nodes, nodes, blocks)
    values = chance.normal(np.log(940), 0.02, (nodes, 1, 1)) + chance.normal(0, 0.02, (nodes, 1))
    values = values + chance.normal(0, 0.003, (nodes, nodes, 1))  # of the pair, in all blocks
    values = values + chance.normal(0, 0.01, blocks) + chance.normal(0, 0.01, size)
    hit = chance.random(size) < disturbed
    values += np.where(hit, np.log(chance.uniform(0.7, 1, size)), 0)
    if slow:
        values[slow[0], slow[1]] += np.log(slow[2])
    if slow_node:
        values[slow_node[0]] += np.log(slow_node[1])
        values[:, slow_node[0]] += np.log(slow_node[1])
    values[np.arange(nodes), np.arange(nodes)] = np.nan
    return values


def table(values):
    """The same as rows of the table netperf; nodes are called n00, n01, ..."""
    rows = [
        {
            **LABELS,
            "sender": f"n{i:02}",
            "receiver": f"n{j:02}",
            "throughput_mbps": float(np.exp(values[i, j, k])),
            "status": "ok",
            "platform": "plain processes on hosts reached by ssh",
        }
        for i, j, k in np.argwhere(~np.isnan(values))
    ]
    return pd.DataFrame(rows)
