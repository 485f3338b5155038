"""Building blocks of the pages *Fill a hole* and *Paint*."""
