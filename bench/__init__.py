"""Measurements as a command anyone can run: `python -m bench --size tiny`."""
