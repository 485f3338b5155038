"""How claims and their evidence are drawn."""
