"""The box of a word."""
