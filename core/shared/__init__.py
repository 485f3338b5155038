"""Modules shared by all packages of the engine."""
