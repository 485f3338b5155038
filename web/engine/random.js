// Random numbers of a seed. Source: sfc32 of PractRand (Doty-Humphrey 2010); Box & Muller 1958 for normal ones.

/** @param {number} a @param {number} b @param {number} c 32-bit words that seed the numbers */
export function seeded(a, b = 0, c = 0) {
  let counter = 1;
  function uniform() {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }
  for (let round = 0; round < 12; round++) uniform(); // mixes the words
  return {
    /** In [0, 1). */
    uniform,
    /** Integer from `low` to `high`, both included. @param {number} low @param {number} high */
    integer: (low, high) => low + Math.floor(uniform() * (high - low + 1)),
    /** Normal numbers of mean 0. @param {number} count @param {number} deviation */
    normal(count, deviation) {
      const values = new Float32Array(count);
      for (let k = 0; k < count; k += 2) {
        const radius = deviation * Math.sqrt(-2 * Math.log(1 - uniform()));
        const angle = 2 * Math.PI * uniform();
        values[k] = radius * Math.cos(angle);
        if (k + 1 < count) values[k + 1] = radius * Math.sin(angle);
      }
      return values;
    },
  };
}
