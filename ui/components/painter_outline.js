// Outlines marked cells: light on dark, so that the border is visible on every picture.
export function outline({ canvas, memory: { width, height } }, marked, colour) {
  const context = canvas.getContext("2d");
  const scale = canvas.width / width;
  const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && marked[y * width + x];
  context.beginPath();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!marked[y * width + x]) continue;
      const [left, top, right, bottom] = [x * scale, y * scale, (x + 1) * scale, (y + 1) * scale];
      if (!inside(x - 1, y)) {
        context.moveTo(left, top);
        context.lineTo(left, bottom);
      }
      if (!inside(x + 1, y)) {
        context.moveTo(right, top);
        context.lineTo(right, bottom);
      }
      if (!inside(x, y - 1)) {
        context.moveTo(left, top);
        context.lineTo(right, top);
      }
      if (!inside(x, y + 1)) {
        context.moveTo(left, bottom);
        context.lineTo(right, bottom);
      }
    }
  }
  const ratio = window.devicePixelRatio || 1;
  for (const [line, style] of [
    [3.5, "#000"],
    [1.5, colour],
  ]) {
    context.lineWidth = line * ratio;
    context.strokeStyle = style;
    context.stroke();
  }
}
