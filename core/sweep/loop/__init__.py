"""The loop over waves and images."""
