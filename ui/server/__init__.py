"""State shared by all pages of the server: limits, networks, jobs and log."""
