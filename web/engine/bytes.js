// Bytes as pixels and planes, and logits as probabilities: shared by the page and its workers.

// Interleaved red, green and blue as planes of float32 in [0, 1], and back.
export function planes(pixels) {
  const area = pixels.length / 3;
  return Float32Array.from(pixels, (_, k) => pixels[3 * (k % area) + Math.floor(k / area)] / 255);
}
export function pixelsOf(values) {
  const area = values.length / 3;
  // Rounds half to even, as numpy does.
  return Uint8ClampedArray.from(values, (_, k) => Math.fround(values[(k % 3) * area + Math.floor(k / 3)] * 255));
}

export function softmax(logits) {
  const most = Math.max(...logits);
  const shares = Array.from(logits, (value) => Math.exp(value - most));
  const sum = shares.reduce((before, value) => before + value, 0);
  return shares.map((value) => value / sum);
}

/** Unpack a blob. @param {Blob} blob */
export const unpacked = (blob) => new Response(blob.stream().pipeThrough(new DecompressionStream("gzip")));
