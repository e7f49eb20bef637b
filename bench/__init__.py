"""Measurements that the project's claims rest on: `python -m bench`, or `make bench`."""
