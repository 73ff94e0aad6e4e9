"""Tables and records for other readers."""
