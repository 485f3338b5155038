// Views given step by step in place of random ones, with noise that tests/web/test_steps.py computes, too.

export const given = (views) => (step, index, shown) => {
  const { noise, ...view } = views[step][index];
  const wave = (_, k) => noise * Math.sin(0.7 * k + 1.3 * step + 2.1 * index);
  return { ...view, noise: noise ? Float32Array.from({ length: 3 * shown * shown }, wave) : null };
};
