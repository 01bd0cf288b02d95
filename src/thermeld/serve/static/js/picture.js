/** Files to pictures as stored. Content decides what a file is, whatever its name says. */
import { Refusal } from "./errors.js";
import { requireRoom } from "./limits.js";
import { MAGIC, readPng } from "./png.js";
import { readTiff } from "./tiff.js";

const KNOWN = "give PNG, JPEG, WebP, TIFF or BMP";
const starts = (bytes, head, at = 0) => head.every((byte, index) => bytes[at + index] === byte);

function formatOf(bytes) {
  if (!bytes.length) throw new Refusal("it is empty (0 bytes); copy or export it again");
  if (starts(bytes, MAGIC)) return "png";
  if (starts(bytes, [0xff, 0xd8, 0xff])) return "jpeg";
  if (starts(bytes, [0x52, 0x49, 0x46, 0x46]) && starts(bytes, [0x57, 0x45, 0x42, 0x50], 8)) return "webp";
  if (starts(bytes, [0x49, 0x49, 0x2a, 0]) || starts(bytes, [0x4d, 0x4d, 0, 0x2a])) return "tiff";
  if (starts(bytes, [0x42, 0x4d]) && starts(bytes, [0, 0, 0, 0], 6)) return "bmp";
  throw new Refusal(`it is not a picture this page reads; ${KNOWN}`);
}

/** What the browser decodes itself: 8 bits, turned upright by its EXIF orientation. */
async function byBrowser(bytes, format) {
  let bitmap;
  try {
    const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
    bitmap = await createImageBitmap(new Blob([bytes], { type: `image/${format}` }), options);
  } catch {
    throw new Refusal("it is damaged, or a variant this browser does not know; export it again as PNG");
  }
  const { width, height } = bitmap;
  requireRoom(width, height);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return fromRgba(context.getImageData(0, 0, width, height).data, width, height);
}

/** A picture of interleaved RGBA bytes; equal channels become one, full opacity none. */
export function fromRgba(rgba, width, height) {
  const count = width * height;
  let grey = true, opaque = true;
  for (let at = 0; at < 4 * count && (grey || opaque); at += 4) {
    grey &&= rgba[at] === rgba[at + 1] && rgba[at] === rgba[at + 2];
    opaque &&= rgba[at + 3] === 255;
  }
  const channels = grey ? 1 : 3;
  const pixels = new Uint8Array(count * channels), alpha = opaque ? null : new Uint8Array(count);
  for (let at = 0; at < count; at++) {
    for (let k = 0; k < channels; k++) pixels[at * channels + k] = rgba[4 * at + k];
    if (alpha) alpha[at] = rgba[4 * at + 3];
  }
  return { width, height, channels, depth: 8, pixels, alpha };
}

/** Undo an EXIF orientation: 2, 4, 5, 7 are mirrored; 5 to 8 lie on their side. */
function upright(picture) {
  const turn = picture.orientation ?? 1;
  if (turn < 2 || turn > 8) return picture;
  const turned = (plane, channels) => {
    const { width, height } = picture;
    const [wide, tall] = turn >= 5 ? [height, width] : [width, height];
    const result = new plane.constructor(plane.length);
    for (let y = 0; y < tall; y++) {
      for (let x = 0; x < wide; x++) {
        const u = [2, 3, 6, 7].includes(turn) ? wide - 1 - x : x;
        const v = [3, 4, 7, 8].includes(turn) ? tall - 1 - y : y;
        const from = turn >= 5 ? u * width + v : v * width + u;
        for (let k = 0; k < channels; k++) result[(y * wide + x) * channels + k] = plane[from * channels + k];
      }
    }
    return result;
  };
  const { width, height, channels, pixels, alpha } = picture;
  const size = turn >= 5 ? { width: height, height: width } : { width, height };
  return { ...picture, ...size, pixels: turned(pixels, channels), alpha: alpha && turned(alpha, 1) };
}

/**
 * Decode a file.
 * @param {Uint8Array} bytes
 * @returns {Promise<object>} width, height, channels (1 or 3), depth (8, 16 or 32), pixels
 *   (interleaved Uint8Array, Uint16Array or Float32Array), alpha or null, format.
 * @throws {Refusal} a sentence that begins with "it".
 */
export async function decode(bytes) {
  const format = formatOf(bytes);
  const own = { png: readPng, tiff: readTiff }[format];
  const picture = own ? upright(await own(bytes)) : await byBrowser(bytes, format);
  if (picture.depth === 32 && !picture.pixels.every(Number.isFinite)) {
    throw new Refusal("it holds values that are no numbers; replace them first");
  }
  return { ...picture, format };
}
