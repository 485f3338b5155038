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

// Each stroke starts on a blank picture; a fill on the given one.
export const paint = ({ linePoints, disc, ellipse, flood }, { height, width, strokes }) =>
  strokes.map(({ tool, points, more }) => {
    const cells = Uint8Array.from(tool === "fill" ? more : Array(height * width).fill(0));
    if (tool === "fill") flood(cells, width, height, points[0], 9);
    if (tool === "ellipse") ellipse(cells, width, height, ...points, 9);
    if (tool === "brush") {
      points.slice(1).forEach((point, k) => {
        for (const at of linePoints(points[k], point)) disc(cells, width, height, at, more, 9);
      });
    }
    return [...cells];
  });

export const lines = ({ linePoints }, lines) => lines.map(([start, end]) => [...linePoints(start, end)]);

export const mixtures = ({ prepareHybrid, paintHybrid }, { low, high, size, cutoffs }) => {
  const prepared = prepareHybrid(low, high, size);
  return cutoffs.map((cutoff) => {
    const [shown, exact] = [new Uint8ClampedArray(4 * size * size), new Float64Array(4 * size * size)];
    paintHybrid(prepared, cutoff, shown);
    paintHybrid(prepared, cutoff, exact);
    return [[...shown], [...exact]];
  });
};
