"""Thumbnails to choose from, and two pictures in one."""
