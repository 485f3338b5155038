"""The free edition for any web server, or none: maps, waves, stories, hybrids and stored runs as plain files."""
