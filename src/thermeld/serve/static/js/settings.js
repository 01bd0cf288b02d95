/** Method, thermal window, palette and colour, as the visitor chose them. */
import { $, make, say } from "./dom.js";
import { parseWindow } from "./scale.js";

const FAMILIES = { neural: "Networks", floor: "Simple rules" };

/** Fires "change" when the result is another, and "look" when the infrared picture looks other. */
export class Settings extends EventTarget {
  #facts;
  #window = "auto";

  /** @param {object} facts of page.json: methods, default, palettes. */
  constructor(facts) {
    super();
    this.#facts = facts;
    fillMethods($("method"), facts);
    $("palette").append(...Object.entries(facts.palettes).map(
      ([name, { summary }]) => make("option", { value: name, textContent: name, title: summary })));
    $("palette").value = "white-hot";
    $("method").addEventListener("change", () => this.#methodChanged());
    $("color").addEventListener("change", () => this.#fire("change"));
    $("palette").addEventListener("change", () => this.#paletteChanged());
    $("window").addEventListener("change", () => this.#windowChanged());
    $("own").addEventListener("change", () => this.#windowChanged());
    this.#methodChanged();
    this.#swatch();
  }

  /** All that decides the result, as the worker's "fuse" takes it. */
  get chosen() {
    const { palettes } = this.#facts;
    return {
      card: this.#card, color: $("color").value, window: this.#window,
      palette: palettes[$("palette").value].colours, mapPalette: palettes.viridis.colours,
    };
  }

  get #card() {
    return this.#facts.methods.find(({ name }) => name === $("method").value);
  }

  #fire(name) {
    this.dispatchEvent(new Event(name));
  }

  #methodChanged() {
    const card = this.#card, blend = $("color").querySelector('[value="blend"]');
    $("method-summary").textContent = card.summary;
    $("card").replaceChildren(...rowsOf(card).flatMap(([term, text]) =>
      [make("dt", { textContent: term }), make("dd", { textContent: text })]));
    blend.disabled = !card.blends;
    if (!card.blends && blend.selected) $("color").value = "ycbcr";
    this.#fire("change");
  }

  #windowChanged() {
    const own = $("window").value === "own";
    $("own-field").hidden = !own;
    say($("own-problem"));
    if (own && !$("own").value.trim()) return;
    try {
      parseWindow(own ? $("own").value : $("window").value);
    } catch (error) {
      say($("own-problem"), error.message);
      return;
    }
    this.#window = own ? $("own").value : $("window").value;
    this.#fire("look");
  }

  #paletteChanged() {
    this.#swatch();
    this.#fire("look");
  }

  #swatch() {
    const context = $("swatch").getContext("2d"), image = context.createImageData(256, 1);
    const { colours } = this.#facts.palettes[$("palette").value];
    for (let at = 0; at < 256; at++) {
      for (let k = 0; k < 3; k++) image.data[4 * at + k] = colours[3 * at + k];
      image.data[4 * at + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }
}

/** Fill a list of methods by family. */
export function fillMethods(select, { methods, default: first }) {
  for (const [family, cards] of grouped(methods)) {
    select.append(make("optgroup", { label: FAMILIES[family] ?? family },
      ...cards.map(({ name }) => make("option", { value: name, textContent: name }))));
  }
  select.value = first;
}

function grouped(methods) {
  const groups = new Map();
  for (const card of methods) groups.set(card.family, [...(groups.get(card.family) ?? []), card]);
  return groups;
}

function rowsOf(card) {
  const rows = [["Source", card.source], ["Learned", card.parameters ? `${card.parameters.toLocaleString("en")} numbers` : "nothing; a rule"]];
  if (card.licence) rows.push(["Licence", card.licence]);
  rows.push(["Looks", card.reach_px === null ? "at the whole picture" : `${card.reach_px} px around each pixel`]);
  rows.push(["Makes a map", card.blends ? "yes" : "no"]);
  return rows;
}
