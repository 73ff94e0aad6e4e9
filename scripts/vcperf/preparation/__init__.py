"""A configuration and this machine become a campaign that is ready to run."""
