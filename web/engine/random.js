// Random numbers of a seed. Source: sfc32 of PractRand (Doty-Humphrey 2010); Box & Muller 1958 for normal ones.

/** @param {number} seed */
export function seeded(seed) {
  let [a, b, c, counter] = [0, 0, seed, 1];
  function uniform() {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }
  for (let round = 0; round < 12; round++) uniform(); // mixes the words
  const radius = () => Math.sqrt(-2 * Math.log(1 - uniform()));
  return {
    /** In [0, 1). */
    uniform,
    /** Normal numbers of mean 0. @param {number} count @param {number} deviation */
    normal: (count, deviation) =>
      Float32Array.from({ length: count }, () => deviation * radius() * Math.cos(2 * Math.PI * uniform())),
  };
}
