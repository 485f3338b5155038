"""Loop over waves and images."""
