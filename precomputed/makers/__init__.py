"""Commands that make data of this folder: class statistics, drawings and filled holes at 224 pixels."""
