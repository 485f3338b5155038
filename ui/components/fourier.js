// Fourier transforms of square pictures and a port of core/fourier/hybrid.py, in double precision.

const COLUMNS = 16; // columns transformed together, few enough for the processor's cache
const NOTHING = 1e-5; // a smaller weight changes no pixel by a hundredth of a level

function factors(size) {
  const radices = [];
  for (; size % 4 === 0; size /= 4) radices.push(4);
  for (let p = 2; size > 1; p++) for (; size % p === 0; size /= p) radices.push(p);
  return radices;
}

const complex = (count) => [new Float64Array(count), new Float64Array(count)];

// Plan for size x size complex numbers: the powers of exp(-2 pi i / size), and buffers.
function createTransform(size) {
  const angles = Array.from({ length: size }, (_, k) => (-2 * Math.PI * k) / size);
  return {
    size,
    factors: factors(size),
    cos: Float64Array.from(angles, Math.cos),
    sin: Float64Array.from(angles, Math.sin),
    rooms: [complex(size * COLUMNS), complex(size * COLUMNS)],
    halfway: complex(size * size),
  };
}

// Stockham's algorithm: p transforms of `done` numbers are joined into one of p * done; columns are adjacent in memory.
// Returns the buffer with the result.
function transformColumns({ size, factors, cos, sin, rooms }) {
  let [from, to] = rooms;
  let done = 1;
  for (const p of factors) {
    const rest = size / (done * p);
    const run = rest * COLUMNS;
    for (let k = 0; k < done; k++) {
      const join = p === 2 ? joinTwo : p === 4 ? joinFour : joinOdd;
      join(
        from,
        to,
        run,
        k * p * run,
        k * run,
        done * run,
        (part) => {
          const power = (rest * k * part) % size;
          return [cos[power], sin[power]];
        },
        p,
      );
    }
    done *= p;
    [from, to] = [to, from];
  }
  return from;
}

// a + w b and a - w b
function joinTwo([re, im], [outRe, outIm], run, first, place, apart, twiddle) {
  const [c, s] = twiddle(1);
  for (let i = 0, a = first, b = first + run, x = place, y = place + apart; i < run; i++, a++, b++, x++, y++) {
    const r = c * re[b] - s * im[b];
    const q = c * im[b] + s * re[b];
    outRe[x] = re[a] + r;
    outIm[x] = im[a] + q;
    outRe[y] = re[a] - r;
    outIm[y] = im[a] - q;
  }
}

function joinFour([re, im], [outRe, outIm], run, first, place, apart, twiddle) {
  const [c1, s1] = twiddle(1);
  const [c2, s2] = twiddle(2);
  const [c3, s3] = twiddle(3);
  for (let i = 0, a = first, x = place; i < run; i++, a++, x++) {
    const b = a + run;
    const c = b + run;
    const d = c + run;
    const bRe = c1 * re[b] - s1 * im[b];
    const bIm = c1 * im[b] + s1 * re[b];
    const cRe = c2 * re[c] - s2 * im[c];
    const cIm = c2 * im[c] + s2 * re[c];
    const dRe = c3 * re[d] - s3 * im[d];
    const dIm = c3 * im[d] + s3 * re[d];
    const evenRe = re[a] + cRe;
    const evenIm = im[a] + cIm;
    const oddRe = re[a] - cRe;
    const oddIm = im[a] - cIm;
    const sumRe = bRe + dRe;
    const sumIm = bIm + dIm;
    const turnRe = bIm - dIm;
    const turnIm = dRe - bRe;
    outRe[x] = evenRe + sumRe;
    outIm[x] = evenIm + sumIm;
    outRe[x + apart] = oddRe + turnRe;
    outIm[x + apart] = oddIm + turnIm;
    outRe[x + 2 * apart] = evenRe - sumRe;
    outIm[x + 2 * apart] = evenIm - sumIm;
    outRe[x + 3 * apart] = oddRe - turnRe;
    outIm[x + 3 * apart] = oddIm - turnIm;
  }
}

// Odd primes: combine parts s and p - s, a exp(-i t) + b exp(i t) = (a + b) cos t - i (a - b) sin t.
function joinOdd([re, im], [outRe, outIm], run, first, place, apart, twiddle, p) {
  const half = (p - 1) / 2;
  const turns = Array.from({ length: p }, (_, part) => twiddle(part));
  const c = Float64Array.from(turns, ([cos]) => cos);
  const s = Float64Array.from(turns, ([, sin]) => sin);
  const cos = Float64Array.from({ length: p }, (_, k) => Math.cos((2 * Math.PI * k) / p));
  const sin = Float64Array.from({ length: p }, (_, k) => Math.sin((2 * Math.PI * k) / p));
  const [plusRe, plusIm, minusRe, minusIm] = Array.from({ length: 4 }, () => new Float64Array(half + 1));
  for (let i = 0; i < run; i++) {
    let sumRe = re[first + i];
    let sumIm = im[first + i];
    for (let k = 1, a = first + run + i, b = first + (p - 1) * run + i; k <= half; k++, a += run, b -= run) {
      const aRe = c[k] * re[a] - s[k] * im[a];
      const aIm = c[k] * im[a] + s[k] * re[a];
      const bRe = c[p - k] * re[b] - s[p - k] * im[b];
      const bIm = c[p - k] * im[b] + s[p - k] * re[b];
      sumRe += plusRe[k] = aRe + bRe;
      sumIm += plusIm[k] = aIm + bIm;
      minusRe[k] = aRe - bRe;
      minusIm[k] = aIm - bIm;
    }
    outRe[place + i] = sumRe;
    outIm[place + i] = sumIm;
    for (let m = 1; m <= half; m++) {
      let evenRe = re[first + i];
      let evenIm = im[first + i];
      let oddRe = 0;
      let oddIm = 0;
      for (let k = 1, turn = m; k <= half; k++, turn = turn + m < p ? turn + m : turn + m - p) {
        evenRe += cos[turn] * plusRe[k];
        evenIm += cos[turn] * plusIm[k];
        oddRe += sin[turn] * minusRe[k];
        oddIm += sin[turn] * minusIm[k];
      }
      const x = place + m * apart + i;
      const y = place + (p - m) * apart + i;
      outRe[x] = evenRe + oddIm;
      outIm[x] = evenIm - oddRe;
      outRe[y] = evenRe - oddIm;
      outIm[y] = evenIm + oddRe;
    }
  }
}

// Transforms columns and writes the result to rows; a column without weight stays zero.
/** @param {Float64Array | null} weight */
function alongColumns(plan, from, to, weight) {
  const { size, rooms } = plan;
  for (let first = 0; first < size; first += COLUMNS) {
    const wide = Math.min(COLUMNS, size - first);
    if (weight && !weight.subarray(first, first + wide).some((value) => value * size > NOTHING)) {
      for (const part of to) part.fill(0, first * size, (first + wide) * size);
      continue;
    }
    for (const part of [0, 1]) gather(from[part], rooms[0][part], size, first, wide, weight);
    const columns = transformColumns(plan);
    for (const part of [0, 1]) scatter(columns[part], to[part], size, first, wide);
  }
}

function gather(from, room, size, first, wide, weight) {
  for (let row = 0; row < size; row++) {
    const share = weight ? weight[row] : 1;
    for (let col = 0, cell = row * size + first, x = row * COLUMNS; col < wide; col++, cell++, x++) {
      room[x] = weight ? share * weight[first + col] * from[cell] : from[cell];
    }
  }
}

function scatter(room, to, size, first, wide) {
  for (let col = 0; col < wide; col++) {
    for (let row = 0, cell = (first + col) * size, x = col; row < size; row++, cell++, x += COLUMNS) to[cell] = room[x];
  }
}

// Two-dimensional transform of [real, imaginary], multiplied by weight[row] * weight[column] if there are weights.
/** @param {Float64Array | null} weight */
function transformPicture(plan, from, to, weight) {
  alongColumns(plan, from, plan.halfway, weight);
  alongColumns(plan, plan.halfway, to, null);
}

// Spectrum of low - high, with red and green as one complex picture and blue as another: weights that are equal for a
// wave and its mirror image keep real and imaginary parts separate. Pictures are bytes (size, size, 3).
export function prepareHybrid(low, high, size) {
  const plan = createTransform(size);
  const count = size * size;
  const channel = (k) =>
    k > 2
      ? new Float64Array(count)
      : Float64Array.from({ length: count }, (_, cell) => low[3 * cell + k] - high[3 * cell + k]);
  const spectra = [
    [channel(0), channel(1)],
    [channel(2), channel(3)],
  ];
  for (const spectrum of spectra) transformPicture(plan, spectrum, spectrum, null);
  return { plan, high, spectra, result: complex(count) };
}

// hybrid: high + exp(-r^2 / (2 cutoff^2)) of the waves of (low - high). `rgba` clips and rounds, as to_uint8 does.
export function paintHybrid({ plan, high, spectra, result }, cutoff, rgba) {
  const { size } = plan;
  const count = size * size;
  const weight = Float64Array.from({ length: size }, (_, k) => {
    const wave = Math.min(k, size - k);
    return (wave ? Math.exp(-(wave ** 2) / (2 * cutoff ** 2)) : 1) / size;
  });
  spectra.forEach(([re, im], pair) => {
    // inverse transform: exchange both parts before and after the forward transform
    transformPicture(plan, [im, re], result, weight);
    for (let cell = 0; cell < count; cell++) {
      rgba[4 * cell + 2 * pair] = high[3 * cell + 2 * pair] + result[1][cell];
      if (!pair) rgba[4 * cell + 1] = high[3 * cell + 1] + result[0][cell];
    }
  });
  for (let cell = 0; cell < count; cell++) rgba[4 * cell + 3] = 255;
}
