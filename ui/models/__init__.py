"""Parts of the page *Models and data*."""
