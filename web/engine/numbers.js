// numpy's Generator(Philox): the same numbers from the same key and counter, so that views equal core/pgd/search.py's.
// Source: Salmon et al. 2011, Philox4x64-10; Marsaglia & Tsang 2000, the ziggurat of the normal distribution.

// High and low words of both multipliers, and of the key's increment in each round.
const M0 = 0xd2e7470e;
const M1 = 0xe14c6c93;
const N0 = 0xca5a8263;
const N1 = 0x95121157;
const WEYL = [0x9e3779b97f4a7c15n, 0xbb67ae8584caa73bn];
const ROUNDS = 10;
const WORD = 2 ** 32;
const HALF = 2 ** 16;
const LAYERS = 256;
const EDGE = 3.6541528853610088;
const AREA = 0.00492867323399;
const MANTISSA = 2 ** 23;

// High word of the product of two words; both partial sums are below 2^53.
const high = (a, b) => Math.floor((a * (b >>> 16) + Math.floor((a * (b & 0xffff)) / HALF)) / HALF);

// High and low word of a 64-bit number.
const halves = (value) => [Number(BigInt.asUintN(32, value >> 32n)), Number(BigInt.asUintN(32, value))];

export class Philox {
  #keys; // per round, in words like the counter
  #counter;
  #block = new Uint32Array(8); // words of the newest four numbers, each low word first
  #next = 8;
  #half = -1; // the high word of a number whose low word has been used; -1 for none

  /**
   * @param {[number, number]} key two 64-bit numbers below 2^53
   * @param {[number, number, number, number]} counter that of the first block, minus one
   */
  constructor(key, counter) {
    this.#keys = Array.from({ length: ROUNDS }, (_, round) =>
      Uint32Array.from(key.flatMap((value, k) => halves(BigInt(value) + BigInt(round) * WEYL[k]))),
    );
    this.#counter = Uint32Array.from(counter.flatMap((value) => halves(BigInt(value))));
  }

  #fill() {
    const counter = this.#counter;
    const block = this.#block;
    if (++counter[1] === 0) counter[0] += 1; // far fewer than 2^64 blocks are drawn
    let a1 = counter[0];
    let a0 = counter[1];
    let b1 = counter[2];
    let b0 = counter[3];
    let c1 = counter[4];
    let c0 = counter[5];
    let d1 = counter[6];
    let d0 = counter[7];
    for (let round = 0; round < ROUNDS; round++) {
      const key = this.#keys[round];
      const am = high(a0, M1) + (Math.imul(a0, M0) >>> 0) + (Math.imul(a1, M1) >>> 0);
      const an = (Math.imul(a1, M0) >>> 0) + high(a0, M0) + high(a1, M1) + Math.floor(am / WORD);
      const cm = high(c0, N1) + (Math.imul(c0, N0) >>> 0) + (Math.imul(c1, N1) >>> 0);
      const cn = (Math.imul(c1, N0) >>> 0) + high(c0, N0) + high(c1, N1) + Math.floor(cm / WORD);
      const a = Math.imul(a0, M1) >>> 0;
      const c = Math.imul(c0, N1) >>> 0;
      const topA = high(a1, M0) + Math.floor(an / WORD);
      const topC = high(c1, N0) + Math.floor(cn / WORD);
      a1 = (topC ^ b1 ^ key[0]) >>> 0;
      a0 = (cn ^ b0 ^ key[1]) >>> 0;
      c1 = (topA ^ d1 ^ key[2]) >>> 0;
      c0 = (an ^ d0 ^ key[3]) >>> 0;
      b1 = cm >>> 0;
      b0 = c;
      d1 = am >>> 0;
      d0 = a;
    }
    block[0] = a0;
    block[1] = a1;
    block[2] = b0;
    block[3] = b1;
    block[4] = c0;
    block[5] = c1;
    block[6] = d0;
    block[7] = d1;
    this.#next = 0;
  }

  /** Uniform in [0, 1), 53 bits. */
  random() {
    if (this.#next === 8) this.#fill();
    const low = this.#block[this.#next++];
    const top = this.#block[this.#next++];
    return (top * 2 ** 21 + (low >>> 11)) / 2 ** 53;
  }

  /** A 32-bit word: the low one of a number, then its high one. */
  word() {
    if (this.#half >= 0) {
      const half = this.#half;
      this.#half = -1;
      return half;
    }
    if (this.#next === 8) this.#fill();
    const low = this.#block[this.#next++];
    this.#half = this.#block[this.#next++];
    return low;
  }

  /** Uniform integer from 0 to `most`. Source: Lemire 2019. */
  integer(most) {
    if (most === 0) return 0;
    for (;;) {
      const word = this.word();
      const low = Math.imul(word, most + 1) >>> 0;
      if (low >= (WORD - 1 - most) % (most + 1)) return high(word, most + 1);
    }
  }

  #single = () => (this.word() >>> 8) / 2 ** 24;

  /** Standard normal float32 number. */
  normal() {
    const { inside, width, height } = ZIGGURAT;
    for (;;) {
      const word = this.word();
      const layer = word & 255;
      const size = (word >>> 9) & (MANTISSA - 1);
      const value = ((word >>> 8) & 1 ? -1 : 1) * Math.fround(size * width[layer]);
      if (size < inside[layer]) return value;
      if (layer) {
        if ((height[layer - 1] - height[layer]) * this.#single() + height[layer] < Math.exp(-0.5 * value * value))
          return value;
        continue;
      }
      for (;;) {
        const beyond = -Math.log1p(-this.#single()) / EDGE;
        const bound = -Math.log1p(-this.#single());
        if (2 * bound > beyond * beyond) return Math.fround((size >>> 8) & 1 ? -(EDGE + beyond) : EDGE + beyond);
      }
    }
  }
}

// Layers of equal area under exp(-x^2 / 2), from the base, 0, to the top: the share of each that lies under the curve.
const ZIGGURAT = (() => {
  const inside = new Uint32Array(LAYERS);
  const width = new Float32Array(LAYERS);
  const height = new Float32Array(LAYERS);
  const curve = (x) => Math.exp(-0.5 * x * x);
  const base = AREA / curve(EDGE);
  inside[0] = (EDGE / base) * MANTISSA;
  width[0] = base / MANTISSA;
  width[LAYERS - 1] = EDGE / MANTISSA;
  height[0] = 1;
  height[LAYERS - 1] = curve(EDGE);
  for (let layer = LAYERS - 2, before = EDGE; layer > 0; layer--) {
    const edge = Math.sqrt(-2 * Math.log(AREA / before + curve(before)));
    inside[layer + 1] = (edge / before) * MANTISSA;
    width[layer] = edge / MANTISSA;
    height[layer] = curve(edge);
    before = edge;
  }
  return { inside, width, height };
})();

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

// CRC-32, the checksum of zip files.

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** @param {Uint8Array} bytes */
export function checksum(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
