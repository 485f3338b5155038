"""What the pages *Fill a hole* and *Draw* are made of."""
