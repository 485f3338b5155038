"""The two kinds of classifiers, and what they share."""
