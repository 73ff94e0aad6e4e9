"""What tests share: each file one subject. Fixtures are in conftest.py."""
