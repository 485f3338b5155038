"""The free edition for any web server, or none: maps, waves, stories and stored runs as plain files."""
