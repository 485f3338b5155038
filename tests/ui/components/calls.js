// What the tests compute with the components' own modules: each function gets a module and values.

export const drawWaves = ({ fourierBasis, addBasis, showBasis }, { pixels, size, epsilon, waves }) =>
  waves.map(([frequency, signs]) => {
    const basis = fourierBasis(frequency, size);
    return [addBasis, showBasis].map((draw) => {
      const rgba = new Uint8ClampedArray(4 * size * size);
      if (draw === addBasis) addBasis(pixels, basis, epsilon, signs, rgba);
      else showBasis(basis, signs, rgba);
      return [...rgba];
    });
  });

export const tours = ({ outward }, waves) => waves.map(([frequency, half]) => outward(frequency, half));

export const signsOf = ({ signsAt }, { bits, side, waves }) => waves.map((frequency) => signsAt(bits, side, frequency));

export const mixtures = ({ prepareHybrid, paintHybrid }, { low, high, size, cutoffs }) => {
  const prepared = prepareHybrid(low, high, size);
  return cutoffs.map((cutoff) => {
    const [shown, exact] = [new Uint8ClampedArray(4 * size * size), new Float64Array(4 * size * size)];
    paintHybrid(prepared, cutoff, shown);
    paintHybrid(prepared, cutoff, exact);
    return [[...shown], [...exact]];
  });
};
