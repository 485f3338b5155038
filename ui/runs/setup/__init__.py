"""What is chosen before a run, and its start."""
