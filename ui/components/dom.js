// What every component needs: new elements, and bytes from their base64.

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function button(parent, text, action, name = "") {
  const made = parent.appendChild(element("button", "", text));
  made.type = "button";
  if (name) {
    made.setAttribute("aria-label", name);
    made.title = name;
  }
  made.addEventListener("click", action);
  return made;
}

const unpack = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
