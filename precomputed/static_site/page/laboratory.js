// Globals of the page's classic scripts: the app's components (components.js), and the index of packs (packs/index.js).

// @ts-expect-error: a global of components.js, which is made with the folder
export const lab = laboratory;
