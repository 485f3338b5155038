// numpy's Generator(Philox): the same numbers from the same key and counter, so that views equal core/pgd/views.py's.
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
