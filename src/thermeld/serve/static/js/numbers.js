/** The table of metrics: the cheap ones from here, all of them where there is a server. */
import { $, make, say } from "./dom.js";
import { METRICS } from "./measure.js";
import { scored } from "./service.js";

const shown = (value) => (Number.isFinite(value) ? value.toFixed(value >= 100 ? 1 : 3) : "–");

export class Numbers {
  #engine;

  constructor(engine) {
    this.#engine = engine;
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
    const values = await this.#engine.call("measure");
    this.#fill(METRICS.map((metric) => [metric.name, values[metric.name], metric.what, metric.fooled]));
    $("numbers").hidden = false;
  }

  #fill(rows) {
    $("metrics").replaceChildren(...rows.map(([name, value, what, fooled]) => {
      const cell = make("td", { textContent: shown(value) });
      cell.dataset.value = value;
      return make("tr", {}, make("th", { textContent: name, attributes: { scope: "row" } }), cell,
        make("td", { textContent: what }), make("td", { textContent: fooled }));
    }));
  }

  async #all() {
    say($("score-problem"));
    $("score-all").disabled = true;
    try {
      const files = Object.fromEntries(await Promise.all(["aligned", "vis", "fused"].map(async (what) =>
        [what === "aligned" ? "ir" : what, await this.#engine.call("encode", { what })])));
      const answer = await scored(files);
      const known = new Map(METRICS.map((metric) => [metric.name, metric]));
      this.#fill(rowsOf(answer).map(([name, value]) =>
        [name, value, known.get(name)?.what ?? "", known.get(name)?.fooled ?? ""]));
    } catch (error) {
      say($("score-problem"), error.message);
    } finally {
      $("score-all").disabled = false;
    }
  }
}

/** Name and value, whether the answer is the values or holds them. */
function rowsOf(answer) {
  return Object.entries(answer.values ?? answer.scores ?? answer.metrics ?? answer)
    .filter(([, value]) => value === null || typeof value === "number");
}
