/** What a browser's tab can hold. */
import { Refusal } from "./errors.js";

const MOST_PIXELS = 50_000_000; // with its result and what is shown, about 1.5 GB

/** Refuse a picture before memory is taken for it. */
export function requireRoom(width, height) {
  if (width * height > MOST_PIXELS) {
    throw new Refusal(`it is ${width}x${height}, too large for a browser; use the command line`);
  }
}
