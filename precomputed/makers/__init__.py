"""The command that makes and judges the drawings and filled holes at 224 pixels."""
