"""Commands that make data of this folder: class statistics, words, drawings and filled holes at 224 pixels."""
