/** Small things for the page itself. */

export const $ = (id) => document.getElementById(id);

/** An element with properties, attributes and children. */
export function make(tag, { attributes = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Say something, or nothing, in an element that is hidden while it is silent. */
export function say(element, text = "") {
  element.textContent = text;
  element.hidden = !text;
}

/** A whole sentence of what the readers of files say; theirs begin with "it" or "its". */
export const sentence = (name, text) => (/^its? /.test(text) ? `${name}: ${text}.` : text);

/** Run at most every so many milliseconds, the last call always. */
export function settled(action, wait) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...args), wait);
  };
}

/** Hand a file to the visitor. */
export function download(bytes, name, type) {
  const link = make("a", { href: URL.createObjectURL(new Blob([bytes], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
