"""Records: one JSON file per block, with what was seen of the hosts and of this code."""
