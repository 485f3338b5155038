// Calls of the components' own modules for the tests: each function gets a module and values.

export const drawWaves = ({ fourierBasis, underWave, waveAlone }, { pixels, size, epsilon, waves }) =>
  waves.map(([frequency, signs]) => {
    const basis = fourierBasis(frequency, size);
    return [underWave(pixels, basis, epsilon, signs), waveAlone(basis, signs)].map((value) => [
      ...Uint8ClampedArray.from({ length: 3 * size * size }, (_, k) => value(Math.floor(k / 3), k % 3)),
    ]);
  });

export const tours = ({ outward }, waves) => waves.map(([frequency, half]) => outward(frequency, half));

export const signsOf = ({ signsAt }, { bits, side, waves }) => waves.map((frequency) => signsAt(bits, side, frequency));

export const mixtures = ({ hybridOf }, { low, high, size, cutoffs }) =>
  cutoffs.map((cutoff) => {
    const value = hybridOf(low, high, size, cutoff);
    return Array.from({ length: 3 * size * size }, (_, k) => value(Math.floor(k / 3), k % 3));
  });

export const cards = ({ cardLines, legendOf }, { networks, names }) =>
  networks.map(({ network, now, percent, named }) => [
    ...cardLines(network, now, percent, names, named),
    legendOf("A", named),
  ]);

export const outlines = ({ outlinePath }, { size, changed }) =>
  outlinePath(size, (i, j) => changed.some(([a, b]) => a === i && b === j));
