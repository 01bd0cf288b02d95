/** The two pictures: dropped, chosen, sampled, swapped, and what is wrong with them. */
import { $, make, say, sentence } from "./dom.js";
import { Refusal } from "./errors.js";

const ROLES = ["ir", "vis"];
const EMPTY = {
  ir: "Drop a picture here; FLIR’s radiometric JPEG brings both", vis: "Drop a picture here",
};
const THERMAL_NAME = /(^|[^a-z])(ir|inf|infrared|lwir|flir|therm(al)?)([^a-z]|$)/i;

/** Fires "loading" when files are on their way, and "change" when either picture may be another. */
export class Slots extends EventTarget {
  #engine;
  #settings;
  #loaded = { ir: null, vis: null }; // {name, facts, bitmap, bytes}

  constructor(engine, settings, samples) {
    super();
    this.#engine = engine;
    this.#settings = settings;
    for (const role of ROLES) {
      $(`file-${role}`).addEventListener("change", ({ target }) => {
        this.#given(role, [...target.files]);
        target.value = ""; // the same file may be chosen again
      });
    }
    this.#listen();
    $("swap").addEventListener("click", () => this.#swap());
    $("samples").append(...samples.map((sample) => {
      const button = make("button", { type: "button", textContent: sample.title, title: sample.about });
      button.addEventListener("click", () => this.take(fetched(sample)));
      return button;
    }));
  }

  get complete() {
    return Boolean(this.#loaded.ir && this.#loaded.vis);
  }

  /** What downloads are named after. */
  get stem() {
    return (this.#loaded.vis?.name ?? "thermeld").replace(/\.[^.]*$/, "");
  }

  bitmap(role) {
    return this.#loaded[role]?.bitmap ?? null;
  }

  facts(role) {
    return this.#loaded[role]?.facts ?? null;
  }

  /** Another look of the same infrared picture. */
  async renew(bitmap) {
    this.#loaded.ir = { ...this.#loaded.ir, bitmap };
  }

  /** Two pictures at once, {ir, vis} as {name, bytes}, or a promise of them. */
  async take(pair) {
    this.dispatchEvent(new Event("loading"));
    try {
      const given = await pair;
      for (const role of ROLES) await this.#load(role, given[role].name, given[role].bytes);
    } catch (error) {
      say($("problem-ir"), error instanceof Refusal ? error.message : "This could not be fetched; check the connection.");
    }
    this.#announce();
  }

  #listen() {
    const slotOf = (event) => event.target.closest?.(".slot[data-role]") ?? null;
    addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      for (const role of ROLES) $(`slot-${role}`).classList.toggle("over", slotOf(event)?.dataset.role === role);
    });
    addEventListener("dragleave", () => this.#calm());
    addEventListener("drop", (event) => {
      this.#calm();
      const files = [...(event.dataTransfer?.files ?? [])];
      if (!files.length || $("pictures").hidden) return;
      event.preventDefault();
      this.#given(slotOf(event)?.dataset.role ?? this.#free(), files);
    });
  }

  #calm() {
    for (const role of ROLES) $(`slot-${role}`).classList.remove("over");
  }

  #free() {
    return this.#loaded.ir && !this.#loaded.vis ? "vis" : "ir";
  }

  /** One file goes where it was put; of two, the grey one or the one named so is infrared. */
  async #given(role, files) {
    if (!files.length) return;
    this.dispatchEvent(new Event("loading"));
    const read = await Promise.all(files.slice(0, 2).map(async (file) =>
      ({ name: file.name, bytes: await file.arrayBuffer() })));
    if (read.length === 1) await this.#load(role, read[0].name, read[0].bytes);
    else {
      const thermal = read.map(({ name }) => THERMAL_NAME.test(name));
      if (thermal[1] && !thermal[0]) read.reverse();
      for (const [at, each] of ROLES.entries()) await this.#load(each, read[at].name, read[at].bytes);
      const channels = ROLES.map((each) => this.facts(each)?.channels);
      if (thermal[0] === thermal[1] && channels[0] === 3 && channels[1] === 1) await this.#exchange();
    }
    this.#announce();
  }

  async #load(role, name, bytes) {
    say($(`problem-${role}`));
    try {
      const { window, palette } = this.#settings.chosen;
      const done = await this.#engine.call("load", { role, bytes, window, palette });
      for (const [each, picture] of Object.entries(done)) {
        this.#loaded[each] = { name: each === role || role === "ir" ? name : this.#loaded[each].name, ...picture };
        say($(`problem-${each}`));
      }
    } catch (error) {
      this.#loaded[role] = null;
      await this.#engine.call("forget", { role });
      const text = error instanceof Refusal ? sentence(name, error.message)
        : `${name}: cannot be read (${error.message}).`;
      say($(`problem-${role}`), text);
    }
  }

  async #swap() {
    this.dispatchEvent(new Event("loading"));
    await this.#exchange();
    this.#announce();
  }

  async #exchange() {
    await this.#engine.call("swap");
    [this.#loaded.ir, this.#loaded.vis] = [this.#loaded.vis, this.#loaded.ir];
    const { window, palette } = this.#settings.chosen;
    const bitmap = await this.#engine.call("view", { window, palette });
    this.#loaded.ir = { ...this.#loaded.ir, bitmap };
    this.#loaded.vis = { ...this.#loaded.vis, bitmap: await this.#engine.call("look") };
    for (const role of ROLES) say($(`problem-${role}`));
  }

  #announce() {
    for (const role of ROLES) {
      const loaded = this.#loaded[role];
      $(`slot-${role}`).classList.toggle("filled", Boolean(loaded));
      $(`facts-${role}`).textContent = loaded ? described(loaded) : EMPTY[role];
    }
    $("swap").disabled = !this.complete;
    this.dispatchEvent(new Event("change"));
  }
}

async function fetched({ ir, vis }) {
  const files = await Promise.all([ir, vis].map(async (name) => {
    const answer = await fetch(`samples/${name}`);
    if (!answer.ok) throw new Refusal(`The sample ${name} is missing on this server.`);
    return { name, bytes: await answer.arrayBuffer() };
  }));
  return { ir: files[0], vis: files[1] };
}

function described({ name, facts: { width, height, depth, channels } }) {
  const kind = channels === 1 ? "grey" : "colour";
  return `${name}, ${width} × ${height}, ${depth === 32 ? "float" : `${depth} bits`}, ${kind}`;
}
