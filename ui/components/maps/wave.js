// Port of the waves of core/fourier/waves.py: the same operations in the same order and precision: pixels drawn
// here equal those that the classifiers see. Pictures are square, (size, size, 3).

export const minus = (text) => String(text).replace("-", "\u2212");
export const name = ([i, j]) => minus(`(${i}, `) + minus(`${j})`);

// fourier_basis: double precision, rounded to single at the end.
export function fourierBasis([i, j], size) {
  const along = (number, wave) =>
    Float64Array.from({ length: size }, (_, k) => wave((2 * Math.PI * number * k) / size));
  const down = [along(i, Math.cos), along(i, Math.sin)];
  const across = [along(j, Math.cos), along(j, Math.sin)];
  const wave = new Float64Array(size * size);
  let squares = 0;
  for (let row = 0, cell = 0; row < size; row++) {
    for (let col = 0; col < size; col++, cell++) {
      const value = down[0][row] * across[0][col] - down[1][row] * across[1][col];
      wave[cell] = value;
      squares += value * value;
    }
  }
  const norm = Math.sqrt(squares);
  return Float32Array.from(wave, (value) => value / norm);
}

const UNIT = Float32Array.from({ length: 256 }, (_, level) => level / 255);

/** Pixels of a picture under a wave: perturb (Eq. 1), then to_uint8, with every step rounded to single precision. */
export function underWave(pixels, basis, epsilon, signs) {
  const size = Math.fround(epsilon);
  return (at, channel) => {
    const step = Math.fround(basis[at] * size);
    const value = Math.fround(UNIT[pixels[3 * at + channel]] + signs[channel] * step);
    return Math.fround(Math.min(1, Math.max(0, value)) * 255);
  };
}

/** Pixels of the wave alone with its signs, scaled to 0 to 1: 0.5 + 0.5 * sign * basis / largest. */
export function waveAlone(basis, signs) {
  const largest = basis.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (at, channel) => {
    const half = Math.fround(Math.fround(0.5 * basis[at]) / largest);
    return Math.fround(Math.fround(0.5 + signs[channel] * half) * 255);
  };
}

// Three bits per cell, row by row: whether the signs of red, green and blue are positive; null outside the known cells.
export function signsAt(bits, size, [i, j]) {
  const half = (size - 1) / 2;
  if (Math.max(Math.abs(i), Math.abs(j)) > half) return null;
  const first = 3 * ((i + half) * size + (j + half));
  return [0, 1, 2].map((channel) => ((bits[(first + channel) >> 3] >> ((first + channel) & 7)) & 1 ? 1 : -1));
}

// A wave per rounded radius from 0 to the corner, each as close as possible to the diagonal towards (i, j).
export function outward([i, j], half) {
  const nearest = new Map();
  for (let a = 0; a <= half; a++) {
    for (let b = a; b <= half; b++) {
      const radius = Math.round(Math.hypot(a, b));
      if (!nearest.has(radius) || b - a < nearest.get(radius)[1] - nearest.get(radius)[0]) nearest.set(radius, [a, b]);
    }
  }
  const towards = ([a, b]) => [i < 0 ? -a : a, j < 0 ? -b : b];
  return [...nearest.keys()].sort((a, b) => a - b).map((radius) => towards(nearest.get(radius)));
}
