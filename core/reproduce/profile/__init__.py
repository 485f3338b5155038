"""All that pages show of one network, made by one resumable command: `python -m core.reproduce.profile`."""
