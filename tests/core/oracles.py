"""Intervals as printed in statistics books."""

import math
from statistics import mean, stdev

from scipy import stats

Z = 1.959963984540054


def wilson(rate, n):
    """Wilson 1927: ends of the interval for a rate among n."""
    centre = (rate + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(rate * (1 - rate) / n + Z * Z / (4 * n * n))
    return centre - half, centre + half


def newcombe(a, n_a, b, n_b):
    """Newcombe 1998, method 10: ends of the interval for the difference a - b of two independent rates."""
    (low_a, high_a), (low_b, high_b) = wilson(a, n_a), wilson(b, n_b)
    return a - b - math.hypot(a - low_a, high_b - b), a - b + math.hypot(high_a - a, b - low_b)


def minus(a, b):
    """(value, low, high): one difference minus another, both independent."""
    value = a[0] - b[0]
    low = value - math.hypot(a[0] - a[1], b[2] - b[0])
    return value, low, value + math.hypot(a[2] - a[0], b[0] - b[1])


def agresti_min(before, after):
    """Mean of paired differences of 0 and 1, with half an observation added to each cell of the 2 x 2 table."""
    n = len(before) + 2
    up, down = (sum(end - other == sign for end, other in zip(after, before, strict=True)) for sign in (1, -1))
    middle = (up - down) / n
    half = Z * math.sqrt(((up + down + 1) / n - middle**2) / n)
    return (up - down) / len(before), middle - half, middle + half


def t_interval(values):
    """Student's: mean of some values and its ends."""
    half = stats.t.ppf(0.975, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return mean(values), mean(values) - half, mean(values) + half
