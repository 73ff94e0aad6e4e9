"""What every room may use: files written whole, digests, lists of CPUs, lines of text."""
