"""What holds for every test folder."""

collect_ignore_glob = ["*conftest.py"]
"""Doctests are looked for in all modules; several of one name would be taken for one another."""
