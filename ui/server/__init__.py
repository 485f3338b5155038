"""State of the server, not of one page: its limits, its networks, its jobs and its log."""
