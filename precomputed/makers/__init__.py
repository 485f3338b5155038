"""The command that makes the drawings and filled holes at 224 pixels, and what is shown of them."""
