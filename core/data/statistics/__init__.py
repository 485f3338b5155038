"""Statistics of a data set, class by class."""
