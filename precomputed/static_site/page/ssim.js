// Structural similarity inside a hole (core/reconstruct/report.py: ssim_inside).

const HALF = 3;
const WINDOW = (2 * HALF + 1) ** 2; // of a window's side; pixels in it
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;
const SAMPLE = WINDOW / (WINDOW - 1);

/**
 * The similarity of two pictures, -1 to 1, averaged over a hole. Source: Wang et al. 2004, eq. 13, with square windows
 * and mirrored borders.
 *
 * @param {Float32Array} first planes in [0, 1] @param {Float32Array} second @param {Uint8Array} mask 1 in the hole
 */
export function similarityInside(first, second, mask) {
  const area = mask.length;
  const size = Math.sqrt(area);
  const mirrored = (at) => (at < 0 ? -1 - at : at >= size ? 2 * size - 1 - at : at);
  const around = Array.from({ length: size }, (_, at) =>
    Array.from({ length: 2 * HALF + 1 }, (_, k) => mirrored(at + k - HALF)),
  );
  let total = 0;
  let count = 0;
  for (let plane = 0; plane < first.length; plane += area) {
    for (let at = 0; at < area; at++) {
      if (!mask[at]) continue;
      let x = 0;
      let y = 0;
      let xx = 0;
      let yy = 0;
      let xy = 0;
      for (const row of around[Math.floor(at / size)]) {
        for (const column of around[at % size]) {
          const place = plane + row * size + column;
          const a = first[place];
          const b = second[place];
          x += a;
          y += b;
          xx += a * a;
          yy += b * b;
          xy += a * b;
        }
      }
      x /= WINDOW;
      y /= WINDOW;
      const spread = SAMPLE * (xx / WINDOW - x * x + yy / WINDOW - y * y);
      const shared = SAMPLE * (xy / WINDOW - x * y);
      total += ((2 * x * y + C1) * (2 * shared + C2)) / ((x * x + y * y + C1) * (spread + C2));
      count += 1;
    }
  }
  return total / count;
}
