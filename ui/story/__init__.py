"""The chapters of the page *Story*: the texts, claims and figures of each."""
