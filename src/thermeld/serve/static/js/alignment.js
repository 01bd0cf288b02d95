/** How the infrared picture lies on the visible one: by points, a file, or the server. */
import { $, download, say } from "./dom.js";
import { Refusal } from "./errors.js";
import { Points } from "./points.js";
import { aligned } from "./service.js";
import { parseWarp, warpText } from "./warp.js";

/** Fires "change" when there is another warp, or none any more. */
export class Alignment extends EventTarget {
  #engine;
  #slots;
  #points;
  warp = null;
  #from = "";

  constructor(engine, slots) {
    super();
    this.#engine = engine;
    this.#slots = slots;
    this.#points = new Points((warp) => this.#set(warp, "marked points"));
    $("points-open").addEventListener("click", () => this.#open($("points").hidden));
    $("points-close").addEventListener("click", () => this.#open(false));
    $("warp-file").addEventListener("change", (event) => this.#read(event.target));
    $("warp-save").addEventListener("click", () =>
      download(warpText(this.warp), `${slots.stem}_warp.json`, "application/json"));
    $("warp-drop").addEventListener("click", () => {
      this.#points.reset();
      this.#set(null);
    });
    $("align-auto").addEventListener("click", () => this.#automatic());
  }

  /** A word for the line about the result. */
  get note() {
    const [ir, vis] = ["ir", "vis"].map((role) => this.#slots.facts(role));
    if (this.warp) return `Aligned by ${this.#from}.`;
    const same = ir && vis && ir.width === vis.width && ir.height === vis.height;
    return same || !ir || !vis ? "" : `The infrared picture (${ir.width} × ${ir.height}) was resized.`;
  }

  offer(service) {
    $("align-auto").hidden = !service;
  }

  /** Another pair: what was marked in the last one is gone, a warp stays, as for a rig. */
  renew() {
    const both = this.#slots.complete;
    $("points-open").disabled = !both;
    if (!both) this.#open(false);
    if (this.#from === "marked points") this.#forget();
    this.#points.reset();
    this.show();
    this.#tell();
  }

  /** The pair as it now looks. */
  show() {
    for (const role of ["ir", "vis"]) this.#points.show(role, this.#slots.bitmap(role));
  }

  #open(wanted) {
    $("points").hidden = !wanted;
    $("points-open").setAttribute("aria-expanded", String(wanted));
    $("points-open").textContent = wanted ? "Stop marking" : "Mark points";
    if (wanted) {
      this.show();
      this.#points.reset();
      $("points-ir").focus();
    }
  }

  #forget() {
    this.warp = null;
    this.#from = "";
  }

  #set(warp, from = "") {
    const had = this.warp;
    this.warp = warp;
    this.#from = warp ? from : "";
    say($("align-problem"));
    this.#tell();
    if (had || warp) this.dispatchEvent(new Event("change"));
  }

  #tell() {
    for (const id of ["warp-save", "warp-drop"]) $(id).disabled = !this.warp;
    const text = this.note || (this.#slots.complete ? "Taken as aligned: both have one size." : "Both cameras should show the same view.");
    $("align-state").textContent = text;
  }

  async #read(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    try {
      this.#set(parseWarp(await file.text()), file.name);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      say($("align-problem"), `${file.name}: ${error.message}`);
    }
  }

  async #automatic() {
    say($("align-problem"));
    $("align-auto").disabled = true;
    $("align-state").textContent = "The server is looking for the alignment; the pair is sent there for it …";
    try {
      const [ir, vis] = await Promise.all(["ir", "vis"].map((what) => this.#engine.call("encode", { what })));
      const answer = await aligned({ ir, vis });
      const warp = parseWarp(JSON.stringify(answer.warp));
      this.#set(warp, `the server (confidence ${answer.confidence.toFixed(2)})`);
    } catch (error) {
      this.#tell();
      say($("align-problem"), error.message);
    } finally {
      $("align-auto").disabled = false;
    }
  }
}
