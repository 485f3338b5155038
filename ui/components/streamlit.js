// Streamlit's own elements, by their test ids: all that the app's scripts take from its inside is here.

// What scrolls, with the whole page; none in the article.
export const mainElement = () => document.querySelector("[data-testid=stMain]");

// The element that has the page's parts as its children, and what in a part is not drawn yet.
export const PARTS = "[data-testid=stMainBlockContainer] > [data-testid=stVerticalBlock]";
export const UNDRAWN = "[data-testid=stSkeleton], [data-stale=true]";
