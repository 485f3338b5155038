"""What belongs to the server, not to one page: its limits, its networks, its jobs and its log."""
