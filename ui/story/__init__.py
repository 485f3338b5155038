"""The ten steps of the page *Story*: what each says, how the data judge its claim, and its figure."""
