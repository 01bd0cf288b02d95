/** One pair of video frames fused, as fast as the page can. Lives in a worker. */
import { withLuminance } from "./fuser.js";
import { luminance } from "./scale.js";

const table = Float32Array.from({ length: 256 }, (_, level) => Math.fround(level * Math.fround(1 / 255)));
const canvases = new Map();

/** A frame's bytes at a size; the frame is given up. */
function rgbaOf(role, frame, width, height) {
  let canvas = canvases.get(role);
  if (canvas?.width !== width || canvas.height !== height) {
    canvas = new OffscreenCanvas(width, height);
    canvases.set(role, canvas);
  }
  const context = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  context.drawImage(frame, 0, 0, width, height);
  frame.close();
  return context.getImageData(0, 0, width, height).data;
}

function planeOf(rgba, width, height) {
  const values = new Float32Array(3 * width * height);
  for (let at = 0, from = 0; at < values.length; from += 4) {
    for (let k = 0; k < 3; k++) values[at++] = table[rgba[from + k]];
  }
  return { width, height, channels: 3, values };
}

/** A map known at every `step`-th row and column, brought to full size bilinearly. */
export function enlarged(known, step, width, height) {
  if (step === 1) return known;
  const columns = Math.ceil(width / step), rows = Math.ceil(height / step);
  const full = new Float32Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    const top = Math.floor(y / step), down = y / step - top;
    const [upper, lower] = [top * columns, Math.min(rows - 1, top + 1) * columns];
    for (let x = 0; x < width; x++, at++) {
      const left = Math.floor(x / step), along = x / step - left, right = Math.min(columns - 1, left + 1);
      const above = known[upper + left] + (known[upper + right] - known[upper + left]) * along;
      const below = known[lower + left] + (known[lower + right] - known[lower + left]) * along;
      full[at] = above + (below - above) * down;
    }
  }
  return full;
}

/** The scales at which a method can make its map. */
export const scalesOf = (card) => [...new Set(card.files.map((file) => file.map_scale))].sort();

/**
 * Fuse two frames of one size.
 * @param {Method} method
 * @param {ImageBitmap} ir @param {ImageBitmap} vis
 * @param {object} how width, height; color; scale of the map (see `scalesOf`); places: where each
 *   visible pixel's partner lies in the infrared frame (see `placesOf`), or null.
 * @returns {Promise<{pixels: ImageData, network: number}>} `network` in milliseconds.
 */
export async function fuseFrames(method, ir, vis, how) {
  const { width, height, color, places } = how;
  const colour = planeOf(rgbaOf("vis", vis, width, height), width, height);
  const grey = laid(luminance(planeOf(rgbaOf("ir", ir, width, height), width, height)), places);
  const luma = luminance(colour);
  const scale = method.card.blends && scalesOf(method.card).includes(how.scale) ? how.scale : 1;
  const begun = performance.now();
  const share = method.card.blends ? await method.share(grey, luma, scale) : null;
  const plain = share ? null : await method.fuse(grey, luma);
  const network = performance.now() - begun;
  const fused = plain ?? mixed(grey.values, luma.values, enlarged(share, scale, width, height));
  for (let at = 0; places && at < fused.length; at++) if (places[at] < 0) fused[at] = luma.values[at];
  const values = color === "gray" ? null : withLuminance(colour, luma.values, fused);
  return { pixels: imageOf(values, fused, width, height), network };
}

function mixed(ir, luma, share) {
  const fused = new Float32Array(luma.length);
  for (let at = 0; at < fused.length; at++) fused[at] = luma[at] + share[at] * (ir[at] - luma[at]);
  return fused;
}

/** Nearest infrared pixel for every visible one, -1 where there is none: a warp made quick. */
export function placesOf(lookup, width, height) {
  const places = new Int32Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const [u, v] = lookup(x, y).map(Math.round);
      places[at] = u >= 0 && u < width && v >= 0 && v < height ? v * width + u : -1;
    }
  }
  return places;
}

function laid(plane, places) {
  if (!places) return plane;
  return { ...plane, values: plane.values.map((_, at) => (places[at] < 0 ? 0 : plane.values[places[at]])) };
}

function imageOf(colour, grey, width, height) {
  const image = new ImageData(width, height);
  for (let at = 0, to = 0; at < grey.length; at++, to += 4) {
    for (let k = 0; k < 3; k++) image.data[to + k] = 255 * (colour ? colour[3 * at + k] : grey[at]);
    image.data[to + 3] = 255;
  }
  return image;
}
