"""From a configuration to cells, blocks and their specs. Pure: starts nothing."""
