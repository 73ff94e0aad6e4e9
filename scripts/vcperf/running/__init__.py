"""What holds while a campaign runs: locks, signals, what must be put back."""
