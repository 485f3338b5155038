// Shapes of strokes, in integers, bit for bit as tests/painter_oracle.py defines them. Points are integer image pixels
// (x to the right, y down) and may lie outside the image; `cells` is a typed array, row by row.

// Every pixel of the Bresenham line, ends included.
export function* linePoints([x, y], [x1, y1]) {
  const dx = Math.abs(x1 - x);
  const dy = -Math.abs(y1 - y);
  const sx = x1 < x ? -1 : 1;
  const sy = y1 < y ? -1 : 1;
  for (let error = dx + dy; ; ) {
    yield [x, y];
    if (x === x1 && y === y1) return;
    const twice = 2 * error;
    if (twice >= dy) {
      error += dy;
      x += sx;
    }
    if (twice <= dx) {
      error += dx;
      y += sy;
    }
  }
}

// Every pixel at most `radius` from [x, y], clipped to the image.
export function disc(cells, width, height, [x, y], radius, value) {
  for (let row = Math.max(y - radius, 0); row <= Math.min(y + radius, height - 1); row++) {
    const square = radius * radius - (row - y) * (row - y);
    let half = Math.floor(Math.sqrt(square));
    while (half * half > square) half--;
    while ((half + 1) * (half + 1) <= square) half++;
    const from = Math.max(x - half, 0);
    const to = Math.min(x + half, width - 1);
    if (from <= to) cells.fill(value, row * width + from, row * width + to + 1);
  }
}

// Every pixel whose centre lies in the ellipse inscribed in the box of two corner pixels, both included.
export function ellipse(cells, width, height, [x, y], [x1, y1], value) {
  const across = Math.abs(x1 - x) + 1;
  const down = Math.abs(y1 - y) + 1;
  for (let row = Math.max(Math.min(y, y1), 0); row <= Math.min(Math.max(y, y1), height - 1); row++) {
    for (let column = Math.max(Math.min(x, x1), 0); column <= Math.min(Math.max(x, x1), width - 1); column++) {
      const right = (2 * column - x - x1) * down;
      const below = (2 * row - y - y1) * across;
      if (right * right + below * below <= across * across * down * down) cells[row * width + column] = value;
    }
  }
}

// Flood fill: every pixel connected to [x, y] by edges between pixels of its value.
export function flood(cells, width, height, [x, y], value) {
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  const former = cells[y * width + x];
  const open = [[x, y]];
  if (former === value) return;
  for (let at = open.pop(); at; at = open.pop()) {
    const [column, row] = at;
    if (column < 0 || row < 0 || column >= width || row >= height || cells[row * width + column] !== former) continue;
    cells[row * width + column] = value;
    open.push([column - 1, row], [column + 1, row], [column, row - 1], [column, row + 1]);
  }
}
