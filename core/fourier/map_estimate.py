"""Estimation of a map's error rates from few images per wave by a Gaussian process over the frequencies.

Counts of different waves must be independent, so each wave needs its own draw of images. If all waves shared the same
few images, the luck of that draw would shift the whole map, beyond any smoothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.fourier.heatmap import Heatmap
from core.fourier.waves import half_plane, wave_map, wave_values
from core.shared.numbers import Z95, Interval

# Metadata of an estimate. Increase the version with every change of the numbers.
ESTIMATOR, _ESTIMATOR_VERSION = "Gaussian process over the frequencies", 1
MAX_WAVES = 2000  # a fit takes time cubic in their number

# Initial hyperparameters. Sizes are standard deviations on the arcsine scale, where 0.01 is one point of error at 50%;
# lengths are in cycles per image.
_FIRST_PARAMETERS = {
    "radius_size": 0.2,
    "radius_length": 6.0,
    "own_size": 0.05,
    "mirrored_size": 0.05,
    "torus_length": 4.0,
    "cell_size": 0.01,
}
# Standard deviations of a weak prior on their logarithms: factors of 4.5 and 2.7.
_SPREAD = np.array([1.5, 1.0, 1.5, 1.5, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class MapEstimate:
    """Estimate of a map from few images.

    error: (R, R) estimated error in [0, 1] with its 95% interval, NaN without any counted image. hyperparameters:
    fitted values, by name. lattice: period of the lattice of waves with less or more error than their neighbours;
    None if the counts show none.
    """

    error: Interval
    hyperparameters: dict[str, float]
    lattice: int | None

    @property
    def half_width(self) -> float:
        """Mean over the cells of half the interval's width, in points of error."""
        return 100 * float(np.nanmean(self.error.high - self.error.low)) / 2


def with_estimate(heatmap: Heatmap) -> Heatmap:
    """Return the map with an estimate from its top-1 counts; without one if a fit needs more or cannot take so many."""
    result = estimate_map(
        heatmap.top1_errors,
        heatmap.count,
        image_size=heatmap.metadata["image_size"],
        variance_ratio=heatmap.variance_ratio,
    )
    if result is None:
        return heatmap
    facts = {
        "estimator": ESTIMATOR,
        "version": _ESTIMATOR_VERSION,
        "half_width": round(result.half_width, 3),
        "lattice": result.lattice,
    }
    rows = np.full((len(heatmap.counts), 3), np.nan)
    rows[1:] = wave_values(np.stack(result.error), half_plane(heatmap.size)).T
    return replace(
        heatmap, numbers={**heatmap.numbers, "estimate": rows}, metadata={**heatmap.metadata, "estimate": facts}
    )


def estimate_map(
    errors: np.ndarray, count: np.ndarray, *, image_size: int, variance_ratio: float = 1.0
) -> MapEstimate | None:
    """Estimate the error rate of each cell from its count.

    With the variance-stabilising transform of Anscombe 1948 a count of n images has the known variance 1 / (4n + 2).
    The rate is modelled as a sum of independent, point-symmetric parts: a Matern-5/2 function of the radius; one on the
    torus of frequencies; one there that is equal for (i, j) and (-i, j), as nearly true of photographs; variation from
    cell to cell; and one shift of all waves of a lattice, as caused by a grid of patches.

    Args:
        errors: (R, R) misclassified images; ignored if `count` is 0.
        count: (R, R) images under each wave, which may differ between waves. Only one half plane of both is read.
        image_size: size of the images in pixels, the period of the torus.
        variance_ratio: ratio of the counts' variance to the binomial; below 1 for balanced samples.
    Returns:
        None for fewer than two waves, or more than `MAX_WAVES`.
    Source: Rasmussen & Williams 2006, ch. 2 and 5. Hyperparameters maximise the marginal likelihood times a weak prior;
    their own uncertainty is not in the interval.
    """
    size = len(count)
    waves = np.array(half_plane(size))
    n, errors = wave_values(count, waves), wave_values(errors, waves)
    waves, n, errors = (values[n > 0] for values in (waves, n, errors))
    if not 2 <= len(waves) <= MAX_WAVES:
        return None
    # y = arcsin sqrt((k + 3/8) / (n + 3/4)) of k errors among n has Var 1 / (4 n + 2) (Anscombe 1948).
    observed = np.arcsin(np.sqrt((errors + 3 / 8) / (n + 3 / 4))) - np.pi / 4
    noise = variance_ratio / (4 * n + 2)
    model = _Model(waves, image_size)
    parameters, inverse = _fit(observed, noise, model)
    lattice = _find_lattice(observed, inverse, waves)
    if lattice is not None:
        period, shift = lattice
        model.fixed += shift**2 * np.outer(on := _on_lattice(waves, period), on)
        parameters, inverse = _fit(observed, noise, model)
    # Posterior of f in y = f + e, e ~ Normal(0, N), with C = K + N (Rasmussen & Williams 2006, Eq. 2.25 and 2.26): mean
    # K C^-1 y = y - N C^-1 y, variance K - K C^-1 K = N - N C^-1 N. The quarter turn centres the prior on 50%.
    mean = observed - noise * (inverse @ observed) + np.pi / 4
    deviation = np.sqrt(np.maximum(noise - noise**2 * inverse.diagonal(), 0))
    rate = (1 - np.cos(2 * mean) * np.exp(-2 * deviation**2)) / 2  # E[sin(x)^2] for x ~ Normal(m, s^2)
    low, high = (np.sin(np.clip(mean + z * deviation, 0, np.pi / 2)) ** 2 for z in (-Z95, Z95))
    error = Interval(*(wave_map(values, waves, size) for values in (rate, low, high)))
    named = dict(zip(_FIRST_PARAMETERS, np.exp(parameters).tolist(), strict=True))
    return MapEstimate(error, named, lattice and lattice[0])


class _Model:
    """Covariance of the waves' rates for any hyperparameters.

    Kernels depend on distances. A grid has few distinct ones, so they are tabulated.
    fixed: (W, W) part without parameters; initially a constant of deviation 1, which leaves the map's level free.
    """

    def __init__(self, waves: np.ndarray, image_size: int) -> None:
        i, j = waves.T
        self.fixed = np.ones((len(waves), len(waves)))
        radii, index = np.unique(np.hypot(i, j), return_inverse=True)
        self.radii, self.radius_cell = abs(radii[:, None] - radii), index[:, None] * len(radii) + index
        # Chords of a circle, not arcs: with arcs a Matern function is not a valid covariance.
        steps = np.arange(2 * np.max(abs(waves)) + 1)
        chord = image_size / np.pi * np.sin(np.pi * steps / image_size)
        self.chords = np.hypot(chord[:, None], chord)
        less, more = abs(waves[:, None] - waves), abs(waves[:, None] + waves)
        # Distances from one wave to (i, j) and (-i, -j) of another, then to its mirror images (-i, j) and (i, -j).
        pairs = ((less, less), (more, more), (more, less), (less, more))
        self.chord_cells = [down[..., 0] * len(steps) + across[..., 1] for down, across in pairs]

    def covariance(self, parameters: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return the (W, W) covariance and its derivatives by the parameters, the logarithms of the hyperparameters."""
        radius_size, radius_length, own_size, mirrored_size, torus_length, cell_size = np.exp(parameters)
        radius, radius_slope = (
            radius_size**2 * table.ravel()[self.radius_cell] for table in _matern(self.radii, radius_length)
        )
        torus = []
        for table in _matern(self.chords, torus_length):
            here, there, mirrored, opposite = (table.ravel()[cells] for cells in self.chord_cells)
            # The mean of g over the symmetries s of a wave has the covariance mean over s of k(w, s w') (Ginsbourger et
            # al. 2012, argumentwise invariant kernels): two of them, w and -w, then four, with both mirror images.
            own = (here + there) / 2
            torus.append((own_size**2 * own, mirrored_size**2 * (own + (mirrored + opposite) / 2) / 2))
        (own, mirrored), slopes = torus
        cell = cell_size**2 * np.eye(len(radius))
        return self.fixed + radius + own + mirrored + cell, [
            *(2 * radius, radius_slope, 2 * own, 2 * mirrored, sum(slopes), 2 * cell),
        ]


def _matern(distance: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the Matern-5/2 kernel (Rasmussen & Williams, Eq. 4.17) and its derivative by the length's logarithm."""
    x = np.sqrt(5) * distance / length
    return (1 + x + x**2 / 3) * np.exp(-x), x**2 * (1 + x) / 3 * np.exp(-x)


def _fit(observed: np.ndarray, noise: np.ndarray, model: _Model) -> tuple[np.ndarray, np.ndarray]:
    """Return the best parameters, and the inverse covariance of the observed values under them."""
    from scipy.linalg.lapack import dpotrf, dpotri
    from scipy.optimize import minimize

    start = np.log(list(_FIRST_PARAMETERS.values()))

    def inverse_and_log_determinant(covariance: np.ndarray) -> tuple[np.ndarray, float]:
        factor, _ = dpotrf(covariance + np.diag(noise), lower=1)  # positive definite, since the noise is
        lower = np.tril(dpotri(factor, lower=1)[0])
        return lower + np.tril(lower, -1).T, 2 * float(np.log(factor.diagonal()).sum())

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the negative log posterior and its gradient (Rasmussen & Williams, Eq. 5.8 and 5.9)."""
        covariance, slopes = model.covariance(parameters)
        inverse, log_determinant = inverse_and_log_determinant(covariance)
        weights, pulled = inverse @ observed, (parameters - start) / _SPREAD
        inner = np.outer(weights, weights) - inverse
        gradient = [-np.vdot(inner, slope) / 2 for slope in slopes]
        return (observed @ weights + log_determinant + pulled @ pulled) / 2, gradient + pulled / _SPREAD

    bounds = [(value - 5, value + 5) for value in start]
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-6}).x
    return best, inverse_and_log_determinant(model.covariance(best)[0])[0]


def _on_lattice(waves: np.ndarray, period: int) -> np.ndarray:
    return ((waves % period == 0).all(axis=1) & waves.any(axis=1)).astype(float)


def _find_lattice(observed: np.ndarray, inverse: np.ndarray, waves: np.ndarray) -> tuple[int, float] | None:
    """Return period and size of the most likely common shift of a lattice; None if no better than chance.

    By Bayes' rule: a lattice is a priori as likely as none, and all periods are equally likely.
    """
    periods = range(2, np.max(abs(waves)) + 1)
    lattice, best = None, np.log(max(1, len(periods)))
    for period in periods:
        on = _on_lattice(waves, period)
        if on.sum() < 2:
            continue
        precision = on @ inverse @ on
        square = (on @ inverse @ observed) ** 2 / precision  # a chi-square of one degree of freedom without a shift
        # C + t^2 a a', with a = `on`, gains (q t^2 p / (1 + t^2 p) - log(1 + t^2 p)) / 2 in log-likelihood, with p =
        # `precision` and q = `square` (Sherman & Morrison 1950); the most, over all sizes t, where t^2 p = q - 1.
        gain = (square - 1 - np.log(square)) / 2 if square > 1 else 0.0
        if gain > best:
            lattice, best = (period, float(np.sqrt((square - 1) / precision))), gain
    return lattice
