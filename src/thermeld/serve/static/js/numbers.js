/** The table of metrics: the cheap ones from here, all of them where there is a server. */
import { $, make, say } from "./dom.js";
import { scored } from "./service.js";

const shown = (value) => (Number.isFinite(value) ? value.toFixed(value >= 100 ? 1 : 3) : "–");

export class Numbers {
  #engine;
  #cards;

  /** @param {object} facts of page.json: what is known of each metric. */
  constructor(engine, facts) {
    this.#engine = engine;
    this.#cards = facts.metrics;
    $("score-all").addEventListener("click", () => this.#all());
  }

  offer(service) {
    $("score-all").hidden = !service;
  }

  hide() {
    $("numbers").hidden = true;
  }

  async show() {
    say($("score-problem"));
    this.#fill(await this.#engine.call("measure"));
    $("numbers").hidden = false;
  }

  #fill(values) {
    $("metrics").replaceChildren(...Object.entries(values).map(([name, value]) => {
      const { what = "", better = "", fooled = "" } = this.#cards[name] ?? {};
      const cell = make("td", { textContent: shown(value) });
      cell.dataset.value = value;
      return make("tr", {}, make("th", { textContent: name, attributes: { scope: "row" } }), cell,
        make("td", { textContent: better }), make("td", { textContent: what }), make("td", { textContent: fooled }));
    }));
  }

  async #all() {
    say($("score-problem"));
    $("score-all").disabled = true;
    try {
      const files = Object.fromEntries(await Promise.all(["aligned", "vis", "fused"].map(async (what) =>
        [what === "aligned" ? "ir" : what, await this.#engine.call("encode", { what })])));
      this.#fill((await scored(files)).values);
    } catch (error) {
      say($("score-problem"), error.message);
    } finally {
      $("score-all").disabled = false;
    }
  }
}
