/**
 * All the work, off the page's own thread, so that it never freezes. A message {id, call, args}
 * is answered by {id, value}, {id, refusal} (a sentence) or {id, fault}, and before that by any
 * number of {id, progress: {done, total, what}}.
 */
import { Refusal } from "./errors.js";
import { readFlir } from "./flir.js";
import { fuseFrames, placesOf, scaleOf } from "./frames.js";
import { bytesOf, fuse } from "./fuser.js";
import { measured } from "./measure.js";
import { Method, hasGpu, threads } from "./network.js";
import { decode } from "./picture.js";
import { writePng } from "./png.js";
import { parseWindow, percentiles, resized, shadeOf, toDepth } from "./scale.js";
import { applied, lookupOf, regrown, scaled } from "./warp.js";

const pictures = { ir: null, vis: null };
let counts = null; // of a radiometric file, as the infrared picture beside another visible one
let result = null; // of the last fusion: {ir, vis, fused}
let newest = 0; // id of the newest fusion asked for; older ones stop at their next tile
let live = null; // method, settings and places of the pair of streams
let lastFrame = Promise.resolve(); // a session runs one pair at a time

/** Let waiting messages in. */
const breath = () => new Promise((resume) => setTimeout(resume));

/** Bytes as something to draw: grey, RGB, or grey through a palette of 256 colours. */
function bitmapOf(width, height, bytes, palette = null) {
  const image = new ImageData(width, height);
  const channels = bytes.length / (width * height);
  for (let at = 0, to = 0; to < image.data.length; at += channels, to += 4) {
    for (let k = 0; k < 3; k++) {
      image.data[to + k] = palette ? palette[3 * bytes[at] + k] : bytes[channels === 3 ? at + k : at];
    }
    image.data[to + 3] = 255;
  }
  return createImageBitmap(image);
}

const factsOf = ({ width, height, channels, depth, format, alpha }) =>
  ({ width, height, channels, depth, format, alpha: Boolean(alpha) });

/** Infrared bytes to look at: windowed, and grey even where the file is not. */
function shown(ir, shade, palette) {
  const grey = ir.channels === 1 ? ir : firstChannel(ir);
  return bitmapOf(ir.width, ir.height, bytesOf(grey, shade), palette);
}

function firstChannel(picture) {
  const pixels = new picture.pixels.constructor(picture.width * picture.height);
  for (let at = 0; at < pixels.length; at++) pixels[at] = picture.pixels[3 * at];
  return { ...picture, channels: 1, pixels };
}

/**
 * The infrared picture on the visible one's pixels: by a warp, else by resizing. With a warp the
 * window is that of the picture as it came: repeated borders are no part of it.
 */
function fitted(warp, window) {
  const { ir, vis } = pictures;
  if (!warp) {
    const picture = resized(ir, vis.width, vis.height);
    return { picture, share: null, shade: shadeOf(window, picture) };
  }
  const sized = scaled(warp, [ir.height, ir.width], [vis.height, vis.width]);
  return { ...applied(sized, ir), shade: shadeOf(window, ir) };
}

/** PNG holds no floats: they become 16 bits. */
function storable(picture) {
  if (picture.depth !== 32) return picture;
  const [low, high] = percentiles(picture.pixels, [0, 100]);
  const span = low < 0 || high > 1 ? [low, Math.max(high, low + 1e-9)] : [0, 1];
  const values = picture.pixels.map((value) => (value - span[0]) / (span[1] - span[0]));
  return { ...picture, depth: 16, pixels: toDepth(values, 16), alpha: null };
}

const calls = {
  async engine() {
    return { threads: threads(), gpu: await hasGpu(), isolated: self.crossOriginIsolated };
  },

  /** Both pictures, or one, by role: a radiometric file brings its visible one along. */
  async load({ role, bytes, window, palette }) {
    const data = new Uint8Array(bytes), chosen = parseWindow(window);
    const flir = role === "ir" ? await readFlir(data) : null;
    const loaded = flir ? flir.pair ?? { ir: flir.counts } : { [role]: await decode(data) };
    if (role === "vis" && counts) loaded.ir = counts;
    const shade = loaded.ir && shadeOf(chosen, loaded.ir);
    Object.assign(pictures, loaded);
    counts = flir?.pair ? flir.counts : null;
    result = null;
    const answer = {};
    for (const [name, picture] of Object.entries(loaded)) {
      const bitmap = name === "ir" ? await shown(picture, shade, palette)
        : await bitmapOf(picture.width, picture.height, bytesOf(picture));
      answer[name] = { facts: factsOf(picture), bitmap };
    }
    return answer;
  },

  async forget({ role }) {
    pictures[role] = null;
    counts = result = null;
  },

  async swap() {
    [pictures.ir, pictures.vis] = [pictures.vis, pictures.ir];
    counts = result = null;
  },

  async view({ window, palette }) {
    return shown(pictures.ir, shadeOf(parseWindow(window), pictures.ir), palette);
  },

  async look() {
    const { vis } = pictures;
    return bitmapOf(vis.width, vis.height, bytesOf(vis));
  },

  async fuse({ card, color, window, palette, mapPalette, warp }, tell, id) {
    newest = id;
    const begun = performance.now();
    const method = new Method(card);
    const colour = color === "blend" && pictures.vis.channels === 3;
    await method.prepare({ colour }, (done, total) => tell({ done, total, what: "loading" }));
    const { picture: ir, share, shade } = fitted(warp, parseWindow(window));
    const fused = await fuse(method, ir, pictures.vis, { color, shade, share }, async (done, total) => {
      tell({ done, total, what: "fusing" });
      await breath();
      if (newest !== id) throw new Refusal("superseded");
    });
    const seconds = (performance.now() - begun) / 1000;
    result = { ir, vis: pictures.vis, fused };
    const { width, height } = fused;
    return {
      facts: factsOf(fused), seconds,
      ir: await shown(ir, shade, palette),
      fused: await bitmapOf(width, height, bytesOf(fused)),
      map: fused.map && await bitmapOf(width, height, fused.map, mapPalette),
    };
  },

  /** PNG of the fused picture, of a source as it was loaded, or of the infrared as "aligned". */
  async encode({ what = "fused" }) {
    const picture = { fused: result?.fused, aligned: result?.ir, ...pictures }[what];
    return writePng(storable(picture));
  },

  async measure() {
    return measured(result.ir, result.vis, result.fused);
  },

  async liveStart({ card, kind, width, height, color, scale, warp }, tell) {
    const method = new Method(card, kind), used = scaleOf(card, scale);
    await method.prepare({ scale: used }, (done, total) => tell({ done, total, what: "loading" }));
    const sized = warp && regrown(warp, [height, width], [height, width]);
    const places = sized && placesOf(lookupOf(sized), width, height);
    live = { method, how: { width, height, color, scale: used, places } };
  },

  async liveFrame({ ir, vis }) {
    const done = lastFrame.then(() => fuseFrames(live.method, ir, vis, live.how));
    lastFrame = done.catch(() => {}); // whoever asked for that frame is told
    const { pixels, network } = await done;
    return { bitmap: await createImageBitmap(pixels), network };
  },
};

self.onmessage = async ({ data: { id, call, args } }) => {
  const tell = (progress) => self.postMessage({ id, progress });
  try {
    self.postMessage({ id, value: await calls[call](args, tell, id) });
  } catch (error) {
    const refusal = error instanceof Refusal ? error.message : null;
    self.postMessage({ id, refusal, fault: refusal ? null : String(error?.message ?? error) });
  }
};
