"""Configuration files: read, merged, checked."""
