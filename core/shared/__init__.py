"""Modules that every package of the engine builds on."""
