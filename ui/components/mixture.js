// A port of core/fourier/waves.py. exp(-(i² + j²) / (2 c²)) is separable, so the low frequencies of d = low - high are
// G d Gᵀ with one circulant matrix G for each cutoff c: no Fourier transform of the pictures is needed.

const NOTHING = 1e-9; // smaller weights of G change no pixel
const SUMS = 4; // added up side by side, as a processor waits for a single one

// Pictures are bytes (size, size, 3).
export function prepareHybrid(low, high, size) {
  const difference = [0, 1, 2].map((channel) =>
    Float64Array.from({ length: size ** 2 }, (_, cell) => low[3 * cell + channel] - high[3 * cell + channel]),
  );
  return { size, high, difference, halfway: new Float64Array(size ** 2), part: new Float64Array(size ** 2) };
}

// hybrid: high + the low frequencies of (low - high). `rgba` clips and rounds, as to_uint8 does; it may be an array of
// numbers, which keeps them.
export function paintHybrid({ size, high, difference, halfway, part }, cutoff, rgba) {
  const row = rowOfG(size, cutoff);
  difference.forEach((plane, channel) => {
    blurRows(plane, halfway, row, size);
    blurRows(halfway, part, row, size);
    for (let cell = 0; cell < part.length; cell++) rgba[4 * cell + channel] = high[3 * cell + channel] + part[cell];
  });
  for (let cell = 0; cell < part.length; cell++) rgba[4 * cell + 3] = 255;
}

// The weights of G around its diagonal, and the offset of the first: the inverse transform of one Gaussian of waves.
function rowOfG(size, cutoff) {
  const waves = Array.from({ length: size }, (_, k) => Math.exp(-(Math.min(k, size - k) ** 2) / (2 * cutoff ** 2)));
  const cosines = Array.from({ length: size }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const weight = (offset) => waves.reduce((sum, wave, k) => sum + wave * cosines[(k * offset) % size], 0) / size;
  const half = Array.from({ length: Math.floor(size / 2) + 1 }, (_, offset) => weight(offset));
  const reach = half.findLastIndex((value) => Math.abs(value) > NOTHING);
  const count = Math.min(2 * reach + 1, size); // the whole circle, once, where G is that wide
  const first = -Math.floor((count - 1) / 2);
  const weights = new Float64Array(SUMS * Math.ceil(count / SUMS)); // zeros at the end
  for (let k = 0; k < count; k++) weights[k] = half[Math.abs(first + k)];
  return { first, weights };
}

// Multiplies each row by G and writes it as a column: done twice, rows are rows again.
function blurRows(from, to, { first, weights }, size) {
  const line = new Float64Array(size + weights.length);
  for (let row = 0; row < size; row++) {
    for (let k = 0; k < line.length; k++) line[k] = from[row * size + ((k + first + size) % size)];
    for (let column = 0; column < size; column++) {
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let k = 0, at = column; k < weights.length; k += SUMS, at += SUMS) {
        a += weights[k] * line[at];
        b += weights[k + 1] * line[at + 1];
        c += weights[k + 2] * line[at + 2];
        d += weights[k + 3] * line[at + 3];
      }
      to[column * size + row] = a + b + (c + d);
    }
  }
}
