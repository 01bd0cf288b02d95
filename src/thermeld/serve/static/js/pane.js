/** Pictures on canvases that are looked at through one shared window. */

const MOST = 40;

/** What part is looked at: a centre in shares of the picture, and a zoom over "all of it". */
export class Viewport extends EventTarget {
  zoom = 1;
  x = 0.5;
  y = 0.5;

  /** Look at another part; what is outside the picture is pulled in. */
  look({ zoom = this.zoom, x = this.x, y = this.y }) {
    this.zoom = Math.min(MOST, Math.max(1, zoom));
    const margin = 0.5 / this.zoom;
    [this.x, this.y] = [x, y].map((at) => Math.min(1 - margin, Math.max(margin, at)));
    this.dispatchEvent(new Event("change"));
  }

  /** Zoom so that one place (in shares) stays where it is. */
  zoomAt(factor, [x, y]) {
    const zoom = Math.min(MOST, Math.max(1, this.zoom * factor));
    const kept = this.zoom / zoom;
    this.look({ zoom, x: x + (this.x - x) * kept, y: y + (this.y - y) * kept });
  }
}

/** One canvas: draws its layers, and lets itself be moved by pointer, wheel and keys. */
export class Pane {
  layers = []; // {bitmap, alpha, from, to}: from and to are shares of the canvas's width
  onPaint = () => {};

  /** @param {HTMLCanvasElement} canvas @param {Viewport} viewport */
  constructor(canvas, viewport) {
    this.canvas = canvas;
    this.viewport = viewport;
    viewport.addEventListener("change", () => {
      canvas.classList.toggle("zoomed", viewport.zoom > 1);
      this.paint();
    });
    new ResizeObserver(() => this.#resize()).observe(canvas);
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("pointerdown", (event) => this.#grab(event));
  }

  /** Show other layers; the first decides the size. */
  show(layers) {
    this.layers = layers;
    this.paint();
  }

  get size() {
    const first = this.layers[0]?.bitmap;
    return first ? [first.width, first.height] : null;
  }

  /** CSS pixels per picture pixel, and where the picture's corner lies. */
  #frame() {
    const [width, height] = this.size;
    const { clientWidth, clientHeight } = this.canvas;
    const scale = Math.min(clientWidth / width, clientHeight / height) * this.viewport.zoom;
    return {
      scale, left: clientWidth / 2 - this.viewport.x * width * scale,
      top: clientHeight / 2 - this.viewport.y * height * scale,
    };
  }

  /** From picture pixels (centres are whole) to CSS pixels on the canvas. */
  toCanvas([x, y]) {
    const { scale, left, top } = this.#frame();
    return [left + (x + 0.5) * scale, top + (y + 0.5) * scale];
  }

  /** And back, from a pointer event. */
  fromPointer(event) {
    const { scale, left, top } = this.#frame();
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left - left) / scale - 0.5, (event.clientY - box.top - top) / scale - 0.5];
  }

  paint() {
    const context = this.canvas.getContext("2d");
    const { width, height } = this.canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    if (this.size && width) {
      const ratio = width / this.canvas.clientWidth, { scale, left, top } = this.#frame();
      const [wide, tall] = this.size;
      context.imageSmoothingEnabled = scale * ratio < 3; // near, single pixels are meant to be seen
      context.imageSmoothingQuality = "high";
      for (const { bitmap, alpha = 1, from = 0, to = 1 } of this.layers) {
        context.save();
        context.beginPath();
        context.rect(from * width, 0, (to - from) * width, height);
        context.clip();
        context.globalAlpha = alpha;
        context.drawImage(bitmap, left * ratio, top * ratio, wide * scale * ratio, tall * scale * ratio);
        context.restore();
      }
    }
    this.onPaint(context);
  }

  #resize() {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    this.paint();
  }

  /** A pointer's place in shares of the picture. */
  #share(event) {
    const [x, y] = this.fromPointer(event), [width, height] = this.size;
    return [(x + 0.5) / width, (y + 0.5) / height];
  }

  #wheel(event) {
    // Zooming takes Ctrl (a pinch on a touchpad sends it) until one has zoomed in: pages scroll.
    if (!this.size || !(event.ctrlKey || this.viewport.zoom > 1)) return;
    event.preventDefault();
    this.viewport.zoomAt(2 ** (-event.deltaY / 240), this.#share(event));
  }

  #key(event) {
    const { viewport } = this, step = 0.1 / viewport.zoom;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key in moves && viewport.zoom > 1) {
      const [x, y] = moves[event.key];
      viewport.look({ x: viewport.x + x, y: viewport.y + y });
    } else if (event.key === "+" || event.key === "=") viewport.look({ zoom: viewport.zoom * 1.5 });
    else if (event.key === "-") viewport.look({ zoom: viewport.zoom / 1.5 });
    else if (event.key === "0") viewport.look({ zoom: 1 });
    else return;
    event.preventDefault();
  }

  #grab(event) {
    if (!this.size || event.button || this.viewport.zoom === 1 || event.defaultPrevented) return;
    this.canvas.setPointerCapture(event.pointerId);
    let last = event;
    const move = (now) => {
      const { scale } = this.#frame(), [width, height] = this.size;
      this.viewport.look({
        x: this.viewport.x - (now.clientX - last.clientX) / (width * scale),
        y: this.viewport.y - (now.clientY - last.clientY) / (height * scale),
      });
      last = now;
    };
    this.canvas.addEventListener("pointermove", move);
    this.canvas.addEventListener("pointerup", () => this.canvas.removeEventListener("pointermove", move), { once: true });
  }
}
