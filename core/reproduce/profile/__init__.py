"""Profiles: everything that pages show of one network: `python -m core.reproduce.profile`."""
