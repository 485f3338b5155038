// Results that arrive late: each part of a page shows the result of its latest request only.

/**
 * Count requests, such as a visitor's choices. `begin` starts one, and `current` returns the latest, both as a function
 * that tells whether it is the latest still.
 */
export function latest() {
  let count = 0;
  function current() {
    const number = count;
    return () => number === count;
  }
  function begin() {
    count += 1;
    return current();
  }
  return { begin, current };
}
