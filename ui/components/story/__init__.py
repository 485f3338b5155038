"""A word with two drawings, tabs of chapters, and the judge."""
