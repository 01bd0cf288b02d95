/** A pair of pictures through a method to one picture, as `thermeld.fuse.Fuser`. */
import { luminance, shadeOf, toDepth, topOf, unit } from "./scale.js";
import { cut, paste, tiles } from "./tiles.js";

const TILE_PX = 512;

/**
 * Fuse one aligned pair.
 * @param {Method} method
 * @param {object} ir as `decode` gives it, of the size of `vis`.
 * @param {object} vis
 * @param {object} how color: "ycbcr", "blend", "gray" or "per-channel"; window as `parseWindow`;
 *   mask: Uint8Array, 0 where the infrared camera did not look, or null.
 * @param {(done: number, total: number) => Promise<void>} tell called between tiles.
 * @returns {Promise<object>} the fused picture, with the depth, channels and opacity of `vis`, and
 *   `share`: the blending map in 0..255, or null.
 */
export async function fuse(method, ir, vis, how, tell) {
  const { width, height, depth } = vis;
  const shade = shadeOf(how.window, ir), natural = shadeOf("full", vis, "visible");
  const fused = {
    width, height, depth, channels: how.color === "gray" ? 1 : vis.channels,
    pixels: new vis.pixels.constructor(width * height * (how.color === "gray" ? 1 : vis.channels)),
    alpha: vis.channels === 3 || how.color === "gray" ? vis.alpha : null,
  };
  const share = method.card.blends && how.color !== "per-channel"
    ? { width, channels: 1, pixels: new Uint8Array(width * height) } : null;
  const pieces = piecesOf(method.card, width, height);
  for (const [at, piece] of pieces.entries()) {
    await tell(at, pieces.length);
    const views = [unit(cut(ir, piece), shade), unit(cut(vis, piece), natural)];
    const done = await fuseUnits(method, ...views, how.color, maskOf(how.mask, width, piece));
    paste(fused, toDepth(done.values, depth), piece);
    if (share) paste(share, toDepth(done.share, 8), piece);
  }
  await tell(pieces.length, pieces.length);
  return { ...fused, share: share?.pixels ?? null };
}

/** Tiles as the command line would cut them, but larger; the whole where a method sees it all. */
function piecesOf({ reach_px: reach, align_px: align }, width, height) {
  const whole = Math.max(width, height);
  const tile = reach === null ? whole : Math.max(TILE_PX, 4 * reach);
  return tiles(width, height, { tile, reach: reach ?? 0, align });
}

function maskOf(mask, width, piece) {
  return mask && cut({ width, channels: 1, depth: 8, pixels: mask }, piece).pixels;
}

async function fuseUnits(method, ir, vis, color, mask) {
  if (color === "per-channel" && vis.channels === 3) return { values: await perChannel(method, ir, vis, mask) };
  const grey = luminance(ir), luma = luminance(vis);
  const share = method.card.blends
    ? masked(await method.share(grey, color === "blend" ? vis : luma), mask) : null;
  if (color === "blend") return { values: mixed(grey.values, vis, share), share };
  const fused = share ? mixed(grey.values, luma, share) : unseen(await method.fuse(grey, luma), luma, mask);
  const keep = vis.channels === 3 && color === "ycbcr";
  return { values: keep ? withLuminance(vis, luma.values, fused) : fused, share };
}

async function perChannel(method, ir, vis, mask) {
  const values = new Float32Array(vis.values.length);
  for (let k = 0; k < 3; k++) {
    const [one, other] = [channelOf(ir, k), channelOf(vis, k)];
    const fused = unseen(await method.fuse(one, other), other, mask);
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

function masked(share, mask) {
  return mask ? share.map((part, at) => (mask[at] ? part : 0)) : share;
}

function unseen(fused, vis, mask) {
  return mask ? fused.map((value, at) => (mask[at] ? value : vis.values[at])) : fused;
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
