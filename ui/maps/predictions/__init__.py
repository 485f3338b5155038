"""What networks say under one wave."""
