"""The two kinds of classifiers and their shared parts."""
