// What the page's classic scripts define: the app's components (components.js), and what packs there are (packs/index.js).

// @ts-expect-error: a global of components.js, which is made with the folder
export const lab = laboratory;
