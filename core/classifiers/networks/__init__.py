"""Networks and classifier wrappers. Every module in here imports torch: import them inside functions only."""
