"""Building blocks of the page *Models and data*."""
