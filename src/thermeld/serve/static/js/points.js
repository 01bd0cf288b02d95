/** The same places marked in both pictures: numbered, movable by pointer and keys, undone. */
import { $, make, say } from "./dom.js";
import { Refusal } from "./errors.js";
import { Pane, Viewport } from "./pane.js";
import { LEAST_POINTS, residual, warpOf } from "./warp.js";

const ROLES = { ir: "infrared", vis: "visible" };
const DRAG_PX = 4;

export class Points {
  #marks = { ir: [], vis: [] };
  #past = [];

  /** @param {(warp: object | null) => void} onWarp called when the points make another warp. */
  constructor(onWarp) {
    this.onWarp = onWarp;
    this.panes = {};
    for (const role of Object.keys(ROLES)) {
      const pane = new Pane($(`points-${role}`), new Viewport());
      pane.onPaint = () => this.#place(role);
      pane.canvas.addEventListener("pointerdown", (event) => this.#press(role, event));
      pane.canvas.addEventListener("keydown", (event) => {
        if (event.key === "Enter") this.#add(role, this.#centre(role));
      });
      this.panes[role] = pane;
    }
    $("points-undo").addEventListener("click", () => this.#undo());
    $("points-clear").addEventListener("click", () => this.clear());
  }

  /** Show the pair as loaded, not yet aligned. */
  show(role, bitmap) {
    this.panes[role].show(bitmap ? [{ bitmap }] : []);
  }

  get pairs() {
    return Math.min(this.#marks.ir.length, this.#marks.vis.length);
  }

  clear() {
    this.#remember();
    this.#marks = { ir: [], vis: [] };
    this.#changed();
  }

  /** Forget everything: another pair was loaded. */
  reset() {
    this.#marks = { ir: [], vis: [] };
    this.#past = [];
    this.#draw();
  }

  #remember() {
    this.#past.push(structuredClone(this.#marks));
  }

  #undo() {
    const before = this.#past.pop();
    if (!before) return;
    this.#marks = before;
    this.#changed();
  }

  /** The middle of what is in view, in whole pixels. */
  #centre(role) {
    const { size, viewport } = this.panes[role];
    return [Math.round(viewport.x * size[0]), Math.round(viewport.y * size[1])];
  }

  #add(role, place) {
    this.#remember();
    this.#marks[role].push(this.#inside(role, place));
    this.#changed();
  }

  #inside(role, place) {
    const { size } = this.panes[role];
    return place.map((value, k) => Math.min(size[k] - 1, Math.max(0, value)));
  }

  /** A click marks; a drag, which moves the view, does not. */
  #press(role, event) {
    const pane = this.panes[role];
    if (!pane.size || event.button) return;
    pane.canvas.addEventListener("pointerup", (end) => {
      const far = Math.hypot(end.clientX - event.clientX, end.clientY - event.clientY);
      const [x, y] = pane.fromPointer(end);
      const within = x > -0.5 && y > -0.5 && x < pane.size[0] - 0.5 && y < pane.size[1] - 0.5;
      if (far < DRAG_PX && within) this.#add(role, [x, y]);
    }, { once: true });
  }

  #changed() {
    this.#draw();
    const { pairs } = this;
    if (pairs < LEAST_POINTS) {
      say($("points-state"), pairs ? `${pairs} of ${LEAST_POINTS} pairs marked.` : "");
      this.onWarp(null);
      return;
    }
    const [ir, vis] = ["ir", "vis"].map((role) => this.#marks[role].slice(0, pairs));
    const [irSize, visSize] = ["ir", "vis"].map((role) => [...this.panes[role].size].reverse());
    try {
      const warp = warpOf(ir, vis, irSize, visSize);
      const error = residual(warp.matrix, ir, vis);
      const fit = pairs > LEAST_POINTS ? `They agree to ${error.toFixed(1)} px.` : "Four always agree; a fifth shows how well.";
      say($("points-state"), `${pairs} pairs marked. ${fit}`);
      this.onWarp(warp);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      say($("points-state"), error.message);
      this.onWarp(null);
    }
  }

  #draw() {
    for (const role of Object.keys(ROLES)) {
      const focused = document.activeElement?.dataset?.mark === role ? document.activeElement.dataset.at : null;
      $(`marks-${role}`).replaceChildren(...this.#marks[role].map((_, at) => this.#button(role, at)));
      this.#place(role);
      if (focused !== null) $(`marks-${role}`).children[focused]?.focus();
    }
    $("points-undo").disabled = !this.#past.length;
    $("points-clear").disabled = !this.#marks.ir.length && !this.#marks.vis.length;
    const next = this.#marks.ir.length <= this.#marks.vis.length ? "ir" : "vis";
    $("points-next").textContent =
      `Next: point ${this.#marks[next].length + 1} in the ${ROLES[next]} picture.`;
  }

  #button(role, at) {
    const mark = make("button", { type: "button", className: "mark", textContent: String(at + 1) });
    Object.assign(mark.dataset, { mark: role, at });
    mark.addEventListener("pointerdown", (event) => this.#dragMark(role, at, mark, event));
    mark.addEventListener("keydown", (event) => this.#keyMark(role, at, event));
    return mark;
  }

  /** Put the buttons where their places are now. */
  #place(role) {
    const pane = this.panes[role];
    if (!pane.size) return;
    [...$(`marks-${role}`).children].forEach((mark, at) => {
      const place = this.#marks[role][at];
      const [x, y] = pane.toCanvas(place);
      mark.style.setProperty("left", `${x}px`);
      mark.style.setProperty("top", `${y}px`);
      mark.hidden = x < 0 || y < 0 || x > pane.canvas.clientWidth || y > pane.canvas.clientHeight;
      const where = place.map((value) => Math.round(value)).join(", ");
      mark.setAttribute("aria-label", `Point ${at + 1}, ${ROLES[role]}, at ${where}. Arrow keys move it, Delete removes it.`);
    });
  }

  #dragMark(role, at, mark, event) {
    if (event.button) return;
    this.#remember();
    mark.setPointerCapture(event.pointerId);
    let moved = false;
    mark.onpointermove = (now) => {
      moved = true;
      this.#marks[role][at] = this.#inside(role, this.panes[role].fromPointer(now));
      this.#place(role);
    };
    mark.onpointerup = () => {
      mark.onpointermove = mark.onpointerup = null;
      if (moved) this.#changed();
      else this.#past.pop();
    };
  }

  #keyMark(role, at, event) {
    const step = event.shiftKey ? 10 : 1;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const remove = event.key === "Delete" || event.key === "Backspace";
    if (!(event.key in moves) && !remove) return;
    event.preventDefault();
    this.#remember();
    if (remove) for (const other of Object.keys(ROLES)) this.#marks[other].splice(at, 1);
    else {
      const [x, y] = moves[event.key], place = this.#marks[role][at];
      this.#marks[role][at] = this.#inside(role, [place[0] + x, place[1] + y]);
    }
    this.#changed();
  }
}
