/** The result, with a wipe to one of its sources, and all three side by side. */
import { $ } from "./dom.js";
import { Pane, Viewport } from "./pane.js";

const NAMES = { ir: "Infrared", vis: "Visible" };
const GRAB_PX = 14;

export class Stage {
  #pictures = { ir: null, vis: null, fused: null, map: null };

  constructor() {
    this.viewport = new Viewport();
    this.main = new Pane($("stage"), this.viewport);
    this.main.onPaint = (context) => this.#line(context);
    this.small = Object.fromEntries(
      ["ir", "vis", "fused"].map((role) => [role, new Pane($(`pane-${role}`), this.viewport)]));
    $("wipe").addEventListener("input", () => this.#refresh());
    for (const radio of document.getElementsByName("compare")) {
      radio.addEventListener("change", () => this.#refresh());
    }
    $("map-share").addEventListener("input", () => this.#refresh());
    $("zoom-in").addEventListener("click", () => this.viewport.look({ zoom: this.viewport.zoom * 1.5 }));
    $("zoom-out").addEventListener("click", () => this.viewport.look({ zoom: this.viewport.zoom / 1.5 }));
    $("zoom-fit").addEventListener("click", () => this.viewport.look({ zoom: 1 }));
    this.viewport.addEventListener("change", () => {
      $("zoom-now").textContent = `${Math.round(this.viewport.zoom * 100)} %`;
    });
    this.main.canvas.addEventListener("pointerdown", (event) => this.#drag(event), { capture: true });
  }

  /** Show other bitmaps; null takes one away. */
  show(pictures) {
    Object.assign(this.#pictures, pictures);
    this.#refresh();
  }

  picture(role) {
    return this.#pictures[role];
  }

  get #other() {
    const chosen = [...document.getElementsByName("compare")].find((radio) => radio.checked).value;
    return this.#pictures[chosen] ? chosen : null;
  }

  #refresh() {
    const { fused, map } = this.#pictures, other = this.#other;
    const at = Number($("wipe").value) / 100, weight = Number($("map-share").value) / 100;
    const layers = fused ? [{ bitmap: fused }] : [];
    if (fused && map && weight) layers.push({ bitmap: map, alpha: weight });
    if (fused && other) layers.push({ bitmap: this.#pictures[other], to: at });
    this.main.show(layers);
    for (const role of ["ir", "vis", "fused"]) {
      this.small[role].show(this.#pictures[role] ? [{ bitmap: this.#pictures[role] }] : []);
    }
    $("stage-empty").hidden = Boolean(fused);
    $("wipe").disabled = !fused || !other;
    $("map-share").disabled = !map;
    $("map-note").textContent = fused && !map ? "This method makes no map." : "";
    $("tag-left").hidden = !fused || !other;
    $("tag-right").hidden = !fused;
    $("tag-left").textContent = NAMES[other] ?? "";
    const text = other ? `${Math.round(at * 100)} % ${NAMES[other].toLowerCase()}` : "fused only";
    $("wipe").setAttribute("aria-valuetext", text);
  }

  #line(context) {
    if (!this.#pictures.fused || !this.#other) return;
    const { width, height } = context.canvas;
    const x = Math.round((Number($("wipe").value) / 100) * width);
    context.fillStyle = "rgba(0, 0, 0, 0.55)";
    context.fillRect(x - 2, 0, 4, height);
    context.fillStyle = "#fff";
    context.fillRect(x - 1, 0, 2, height);
    context.beginPath();
    context.arc(x, height / 2, 7 * (width / context.canvas.clientWidth), 0, 2 * Math.PI);
    context.fill();
  }

  /** Near its line, the pointer moves the wipe; elsewhere the picture. */
  #drag(event) {
    const box = this.main.canvas.getBoundingClientRect(), wipe = $("wipe");
    const near = Math.abs(event.clientX - box.left - (Number(wipe.value) / 100) * box.width) < GRAB_PX;
    if (wipe.disabled || event.button || (!near && this.viewport.zoom > 1)) return;
    event.preventDefault();
    const { canvas } = this.main;
    canvas.setPointerCapture(event.pointerId);
    const move = (now) => {
      wipe.value = String(Math.min(100, Math.max(0, ((now.clientX - box.left) / box.width) * 100)));
      this.#refresh();
    };
    move(event);
    canvas.addEventListener("pointermove", move);
    canvas.addEventListener("pointerup", () => canvas.removeEventListener("pointermove", move), { once: true });
  }
}
