// Discrete Fourier transforms of sides such as 32 and 224 = 2^5 * 7; packages on npm support powers of two alone, or
// are unmaintained. Stockham's algorithm by prime factors.

/** @typedef {{ re: Float64Array, im: Float64Array }} Complex */

function factors(length) {
  if (length === 1) return [];
  let factor = 2;
  while (length % factor) factor += 1;
  return [factor, ...factors(length / factor)];
}

/**
 * Transform along the first axis of (length, width) numbers, unnormalised; sign -1 is forward.
 *
 * @param {Complex} from overwritten
 * @param {Complex} to of the same length
 * @returns {Complex} whichever of the two holds the result
 */
function transform(from, to, length, width, sign) {
  let stride = width;
  let rest = length;
  for (const radix of factors(length)) {
    const parts = rest / radix;
    for (let p = 0; p < parts; p++)
      pass(from, to, { radix, parts, p, stride, angle: (sign * 2 * Math.PI * p) / rest, sign });
    [from, to] = [to, from];
    rest = parts;
    stride *= radix;
  }
  return from;
}

function pass({ re, im }, { re: toRe, im: toIm }, { radix, parts, p, stride, angle, sign }) {
  for (let j = 0; j < radix; j++) {
    const out = stride * (radix * p + j);
    toRe.fill(0, out, out + stride);
    toIm.fill(0, out, out + stride);
    for (let k = 0; k < radix; k++) {
      const turn = angle * j + (sign * 2 * Math.PI * ((j * k) % radix)) / radix;
      const c = Math.cos(turn);
      const s = Math.sin(turn);
      const at = stride * (p + parts * k);
      for (let q = 0; q < stride; q++) {
        toRe[out + q] += re[at + q] * c - im[at + q] * s;
        toIm[out + q] += re[at + q] * s + im[at + q] * c;
      }
    }
  }
}

function transposed({ re, im }, { re: toRe, im: toIm }, side) {
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      toRe[column * side + row] = re[row * side + column];
      toIm[column * side + row] = im[row * side + column];
    }
  }
}

const complex = (length) => ({ re: new Float64Array(length), im: new Float64Array(length) });

/**
 * Filter of square planes that multiplies each frequency by a real number, equal for (i, j), (-i, -j) and (j, i).
 *
 * @param {number} side
 * @param {(i: number, j: number) => number} amplitude of the frequency (i, j), cycles per image
 */
export function fourierFilter(side, amplitude) {
  const area = side * side;
  const signed = (k) => (k < (side + 1) / 2 ? k : k - side);
  const gains = Float64Array.from(
    { length: area },
    (_, k) => amplitude(signed(Math.floor(k / side)), signed(k % side)) / area,
  );
  let here = complex(area);
  let there = complex(area);
  const along = (sign) => {
    const result = transform(here, there, side, side, sign);
    if (result === there) [here, there] = [there, here];
  };
  const turn = () => {
    transposed(here, there, side);
    [here, there] = [there, here];
  };
  /** Filter two real planes together, in place: the gains are real and even, so neither mixes with the other. */
  return (/** @type {Float32Array} */ first, /** @type {Float32Array} */ second) => {
    here.re.set(first);
    here.im.set(second);
    along(-1);
    turn();
    along(-1);
    for (let k = 0; k < area; k++) {
      here.re[k] *= gains[k];
      here.im[k] *= gains[k];
    }
    along(1);
    turn();
    along(1);
    first.set(here.re);
    second.set(here.im);
  };
}
