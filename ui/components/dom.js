// Helpers of all components: create elements, decode base64.

export function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

export const unpack = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
