/** The page's end of the worker: calls become promises. */
import { Refusal } from "./errors.js";

export class Engine {
  #worker;
  #waiting = new Map();
  #count = 0;

  constructor() {
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#take(data);
    this.#worker.onerror = (event) => this.#fail(event.message || "the worker could not be started");
  }

  /**
   * Call a function of the worker.
   * @param {string} call @param {object} args
   * @param {{transfer?: Array, tell?: (progress: object) => void}} how transfer: what is given up.
   * @throws {Refusal} with a sentence fit to show.
   */
  call(call, args = {}, { transfer = [], tell = () => {} } = {}) {
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, tell });
      this.#worker.postMessage({ id, call, args }, transfer);
    });
  }

  #take({ id, value, refusal, fault, progress }) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    if (progress) return waiting.tell(progress);
    this.#waiting.delete(id);
    if (refusal) waiting.reject(new Refusal(refusal));
    else if (fault) waiting.reject(new Error(fault));
    else waiting.resolve(value);
  }

  #fail(message) {
    for (const { reject } of this.#waiting.values()) reject(new Error(message));
    this.#waiting.clear();
  }
}
