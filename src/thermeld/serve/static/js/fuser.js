/** A pair of pictures through a method to one picture, as `thermeld.fuse.Fuser`. */
import { luminance, shadeOf, toDepth, topOf, unit } from "./scale.js";
import { cut, paste, tiles } from "./tiles.js";

const TILE_PX = 256;

/**
 * Fuse one aligned pair.
 * @param {Method} method
 * @param {object} ir as `decode` gives it, of the size of `vis`.
 * @param {object} vis
 * @param {object} how color: "ycbcr", "blend", "gray" or "per-channel"; shade: makes infrared values
 *   0..1, as of `shadeOf`; share: of the fused picture against the visible one, or null for 1.
 * @param {(done: number, total: number) => Promise<void>} tell called between tiles.
 * @returns {Promise<object>} the fused picture, with the depth, channels and opacity of `vis`, and
 *   `map`: the blending map in 0..255, or null.
 */
export async function fuse(method, ir, vis, how, tell) {
  const { width, height, depth } = vis, channels = how.color === "gray" ? 1 : vis.channels;
  const natural = shadeOf("full", vis, "visible");
  const pixels = new vis.pixels.constructor(width * height * channels);
  const keepsAlpha = vis.channels === 3 && how.color !== "gray";
  const fused = { width, height, depth, channels, pixels, alpha: keepsAlpha ? vis.alpha : null };
  const map = method.card.blends && how.color !== "per-channel"
    ? { width, channels: 1, pixels: new Uint8Array(width * height) } : null;
  const pieces = piecesOf(method.card, width, height);
  for (const [at, piece] of pieces.entries()) {
    await tell(at, pieces.length);
    const views = [unit(cut(ir, piece), how.shade), unit(cut(vis, piece), natural)];
    const done = await fuseUnits(method, ...views, how.color);
    paste(fused, toDepth(done.values, depth), piece);
    if (map) paste(map, toDepth(done.share, 8), piece);
  }
  if (how.share) finish(fused, vis, how.share, map);
  await tell(pieces.length, pieces.length);
  return { ...fused, map: map?.pixels ?? null };
}

/** Put the visible picture in the fused one's place where the infrared camera did not look. */
function finish(fused, vis, share, map) {
  const under = fused.channels === vis.channels ? vis.pixels : grey(vis);
  for (let at = 0; at < fused.pixels.length; at++) {
    const part = share[Math.floor(at / fused.channels)];
    const value = under[at] + part * (fused.pixels[at] - under[at]);
    fused.pixels[at] = fused.depth === 32 ? value : Math.floor(value + 0.5);
  }
  for (let at = 0; map && at < share.length; at++) map.pixels[at] = Math.round(map.pixels[at] * share[at]);
}

const grey = ({ width, height, channels, pixels }) =>
  luminance({ width, height, channels, values: pixels }).values;

/** Tiles as the command line cuts them; the whole where a method sees it all. */
function piecesOf({ reach_px: reach, align_px: align }, width, height) {
  const whole = Math.max(width, height);
  const tile = reach === null ? whole : Math.max(TILE_PX, 4 * reach);
  return tiles(width, height, { tile, reach: reach ?? 0, align });
}

async function fuseUnits(method, ir, vis, color) {
  if (color === "per-channel" && vis.channels === 3) return { values: await perChannel(method, ir, vis) };
  const shade = luminance(ir), luma = luminance(vis);
  const share = method.card.blends ? await method.share(shade, color === "blend" ? vis : luma) : null;
  if (color === "blend") return { values: mixed(shade.values, vis, share), share };
  const fused = share ? mixed(shade.values, luma, share) : await method.fuse(shade, luma);
  const keep = vis.channels === 3 && color === "ycbcr";
  return { values: keep ? withLuminance(vis, luma.values, fused) : fused, share };
}

async function perChannel(method, ir, vis) {
  const values = new Float32Array(vis.values.length);
  for (let k = 0; k < 3; k++) {
    const fused = await method.fuse(channelOf(ir, k), channelOf(vis, k));
    for (let at = 0; at < fused.length; at++) values[3 * at + k] = fused[at];
  }
  return values;
}

function channelOf(plane, k) {
  if (plane.channels === 1) return plane;
  const values = new Float32Array(plane.width * plane.height);
  for (let at = 0; at < values.length; at++) values[at] = plane.values[3 * at + k];
  return { ...plane, channels: 1, values };
}

function mixed(ir, { channels, values }, share) {
  const result = new Float32Array(values.length);
  for (let at = 0; at < result.length; at++) {
    const place = channels === 3 ? Math.floor(at / 3) : at;
    result[at] = share[place] * ir[place] + (1 - share[place]) * values[at];
  }
  return result;
}

/** The colours of a plane at another luminance: red, green and blue rise alike, clipped. */
export function withLuminance(plane, luma, wanted) {
  const values = new Float32Array(plane.values.length);
  for (let at = 0, place = 0; place < wanted.length; place++) {
    const rise = wanted[place] - luma[place];
    for (let k = 0; k < 3; k++, at++) values[at] = Math.min(1, Math.max(0, plane.values[at] + rise));
  }
  return values;
}

/** A picture's stored values as bytes to look at; `shade` makes them 0..1 where it is given. */
export function bytesOf(picture, shade = null) {
  if (!shade && picture.depth === 8) return picture.pixels;
  const top = topOf(picture.depth);
  return toDepth(unit(picture, shade ?? ((value) => value / top)).values, 8);
}
