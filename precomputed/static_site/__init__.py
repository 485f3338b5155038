"""The free edition for any web server, or none: maps, waves, stories, mixed pairs and stored runs as plain files."""
