"""The ten steps of the page *Story*: the text, claim and figure of each."""
