"""Tabs below the maps of *Frequencies*."""
