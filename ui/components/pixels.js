// Paints `value(at, channel)` of each pixel, row by row; the canvas rounds it and clips it to 0 and 255.

export function paintPixels(canvas, width, height, value) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const { data } = image;
  for (let at = 0; at < width * height; at++) {
    for (let channel = 0; channel < 3; channel++) data[4 * at + channel] = value(at, channel);
    data[4 * at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
