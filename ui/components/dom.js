// Helpers of all components: create elements, decode base64.

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

export const unpack = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
