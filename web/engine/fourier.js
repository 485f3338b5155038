// Discrete Fourier transforms of sides such as 32 and 224 = 2^5 * 7; packages on npm support powers of two alone, or
// are unmaintained. Stockham's algorithm, radix 4 where it divides, else the smallest prime factor.

/** @typedef {{ re: Float64Array, im: Float64Array }} Complex */

// Factors of a length, 4 first.
function factors(length) {
  if (length === 1) return [];
  let factor = length % 4 ? 2 : 4;
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
    const pass = radix === 4 ? quarter : general;
    for (let p = 0; p < parts; p++)
      pass(from, to, { radix, parts, p, stride, angle: (sign * 2 * Math.PI * p) / rest, sign });
    [from, to] = [to, from];
    rest = parts;
    stride *= radix;
  }
  return from;
}

function quarter({ re, im }, { re: toRe, im: toIm }, { parts, p, stride, angle, sign }) {
  const step = stride * parts;
  const c1 = Math.cos(angle);
  const c2 = Math.cos(2 * angle);
  const c3 = Math.cos(3 * angle);
  const s1 = Math.sin(angle);
  const s2 = Math.sin(2 * angle);
  const s3 = Math.sin(3 * angle);
  for (let q = 0, at = stride * p, out = 4 * stride * p; q < stride; q++, at++, out++) {
    const sumRe = re[at] + re[at + 2 * step];
    const sumIm = im[at] + im[at + 2 * step];
    const lessRe = re[at] - re[at + 2 * step];
    const lessIm = im[at] - im[at + 2 * step];
    const oddRe = re[at + step] + re[at + 3 * step];
    const oddIm = im[at + step] + im[at + 3 * step];
    const turnedRe = -sign * (im[at + step] - im[at + 3 * step]);
    const turnedIm = sign * (re[at + step] - re[at + 3 * step]);
    const x1 = lessRe + turnedRe;
    const x2 = sumRe - oddRe;
    const x3 = lessRe - turnedRe;
    const y1 = lessIm + turnedIm;
    const y2 = sumIm - oddIm;
    const y3 = lessIm - turnedIm;
    toRe[out] = sumRe + oddRe;
    toIm[out] = sumIm + oddIm;
    toRe[out + stride] = x1 * c1 - y1 * s1;
    toIm[out + stride] = x1 * s1 + y1 * c1;
    toRe[out + 2 * stride] = x2 * c2 - y2 * s2;
    toIm[out + 2 * stride] = x2 * s2 + y2 * c2;
    toRe[out + 3 * stride] = x3 * c3 - y3 * s3;
    toIm[out + 3 * stride] = x3 * s3 + y3 * c3;
  }
}

function general({ re, im }, { re: toRe, im: toIm }, { radix, parts, p, stride, angle, sign }) {
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
  /** Filter two real planes at once, in place: the gains are real and even, so neither mixes with the other. */
  return (/** @type {Float32Array} */ first, /** @type {Float32Array | null} */ second) => {
    here.re.set(first);
    if (second) here.im.set(second);
    else here.im.fill(0);
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
    second?.set(here.im);
  };
}
