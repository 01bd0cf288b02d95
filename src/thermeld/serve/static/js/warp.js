/**
 * How the infrared picture lies on the visible one: fitted to points, written and read as the
 * command line's JSON file, and applied. Conventions are those of `thermeld.align.warp`.
 */
import { Refusal } from "./errors.js";

export const LEAST_POINTS = 4;
const VERSION = 1;
const FEATHER_PX = 4, STRAIGHT = 0.955, ACROSS = 1.3693;

/** Solve a square system by elimination with pivots; null where it has no single answer. */
function solve(matrix, right) {
  const rows = matrix.map((row, at) => [...row, right[at]]);
  const count = rows.length;
  for (let column = 0; column < count; column++) {
    let best = column;
    for (let row = column; row < count; row++) {
      if (Math.abs(rows[row][column]) > Math.abs(rows[best][column])) best = row;
    }
    if (Math.abs(rows[best][column]) < 1e-9) return null;
    [rows[column], rows[best]] = [rows[best], rows[column]];
    for (let row = 0; row < count; row++) {
      if (row === column) continue;
      const factor = rows[row][column] / rows[column][column];
      for (let k = column; k <= count; k++) rows[row][k] -= factor * rows[column][k];
    }
  }
  return rows.map((row, at) => row[count] / row[at]);
}

const multiplied = (one, other) =>
  one.map((row) => [0, 1, 2].map((k) => row.reduce((sum, value, at) => sum + value * other[at][k], 0)));

export function inverted(matrix) {
  const columns = [0, 1, 2].map((at) => solve(matrix, [0, 1, 2].map((k) => Number(k === at))));
  if (columns.includes(null)) return null;
  return [0, 1, 2].map((row) => columns.map((column) => column[row]));
}

export function transformed(matrix, [x, y]) {
  const [u, v, w] = matrix.map((row) => row[0] * x + row[1] * y + row[2]);
  return [u / w, v / w];
}

/** Centre and scale that bring points near the origin: the fit is then well conditioned. */
function frameOf(points) {
  const mean = [0, 1].map((k) => points.reduce((sum, point) => sum + point[k], 0) / points.length);
  const spread = points.reduce((sum, [x, y]) => sum + Math.hypot(x - mean[0], y - mean[1]), 0);
  const scale = (Math.SQRT2 * points.length) / (spread || 1);
  return [[scale, 0, -scale * mean[0]], [0, scale, -scale * mean[1]], [0, 0, 1]];
}

/**
 * The homography that takes infrared to visible points, in the least-squares sense.
 * Source: Hartley & Zisserman, Multiple View Geometry, 2nd ed., algorithm 4.2 with h33 = 1.
 * @param {Array<[number, number]>} ir at least four, no three of them on a line.
 */
export function fitted(ir, vis) {
  const [from, to] = [frameOf(ir), frameOf(vis)];
  const normal = Array.from({ length: 8 }, () => new Array(8).fill(0)), right = new Array(8).fill(0);
  ir.forEach((point, at) => {
    const [x, y] = transformed(from, point), [u, v] = transformed(to, vis[at]);
    for (const [row, value] of [
      [[x, y, 1, 0, 0, 0, -u * x, -u * y], u], [[0, 0, 0, x, y, 1, -v * x, -v * y], v],
    ]) {
      for (let i = 0; i < 8; i++) {
        right[i] += row[i] * value;
        for (let j = 0; j < 8; j++) normal[i][j] += row[i] * row[j];
      }
    }
  });
  const found = solve(normal, right);
  if (!found) throw new Refusal("Three of the points lie on one line; move one of them aside.");
  const inner = [found.slice(0, 3), found.slice(3, 6), [found[6], found[7], 1]];
  const matrix = multiplied(inverted(to), multiplied(inner, from));
  return matrix.map((row) => row.map((value) => value / matrix[2][2]));
}

/** Root mean square distance, in visible pixels, of warped infrared points from their partners. */
export function residual(matrix, ir, vis) {
  const squares = ir.map((point, at) => {
    const [x, y] = transformed(matrix, point);
    return (x - vis[at][0]) ** 2 + (y - vis[at][1]) ** 2;
  });
  return Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length);
}

const determinant = (m) =>
  m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
  + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);

/** Refuse what mirrors, collapses, or has its horizon inside either picture. */
export function requireUnfolded(matrix, irSize, visSize) {
  const wrong = new Refusal("These points would mirror or tear the picture; check that each number marks the same thing in both.");
  const inverse = inverted(matrix);
  if (!inverse || !(determinant(matrix) > 1e-12)) throw wrong;
  const back = inverse.map((row) => row.map((value) => value / inverse[2][2]));
  for (const [way, [height, width]] of [[matrix, irSize], [back, visSize]]) {
    for (const [x, y] of [[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]]) {
      if (!(way[2][0] * x + way[2][1] * y + way[2][2] > 1e-6)) throw wrong;
    }
  }
}

/** A warp from numbered points. Sizes are [height, width]. */
export function warpOf(ir, vis, irSize, visSize) {
  const matrix = fitted(ir, vis);
  requireUnfolded(matrix, irSize, visSize);
  return { ir_size: irSize, vis_size: visSize, matrix, local: null, lens: null };
}

/** The JSON text that `thermeld fuse --align` reads; notes are for people. */
export const warpText = (warp, notes = {}) =>
  `${JSON.stringify({ thermeld: "warp", version: VERSION, ...warp, ...notes }, null, 1)}\n`;

const finite = (value, shape) =>
  shape.length === 0 ? Number.isFinite(value)
    : Array.isArray(value) && value.length === shape[0] && value.every((part) => finite(part, shape.slice(1)));

/** Read such a text; a stranger's file is read with care. */
export function parseWarp(text) {
  let facts;
  try {
    facts = JSON.parse(text);
  } catch {
    throw new Refusal("This is not a JSON file; choose one that thermeld align or this page saved.");
  }
  if (facts?.thermeld !== "warp" || facts.version !== VERSION) {
    throw new Refusal("This is not a warp file of thermeld's; choose one that thermeld align or this page saved.");
  }
  const { ir_size, vis_size, matrix, local = null, lens = null } = facts;
  const grid = Array.isArray(local) && Array.isArray(local[0]) && Math.min(local.length, local[0].length) >= 2;
  const sound = finite(ir_size, [2]) && finite(vis_size, [2]) && finite(matrix, [3, 3])
    && (local === null || (grid && finite(local, [local.length, local[0].length, 2])))
    && (lens === null || (lens.focal_px > 0 && finite(lens.centre, [2]) && Number.isFinite(lens.k1)));
  if (!sound) throw new Refusal("This warp file is damaged; make it again.");
  requireUnfolded(matrix, ir_size, vis_size);
  return { ir_size, vis_size, matrix, local, lens };
}

/** The matrix of a plain resize, borders on borders. */
function stretch([fromHeight, fromWidth], [height, width]) {
  const [x, y] = [width / fromWidth, height / fromHeight];
  return [[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]];
}

/** The same warp for the same views at other resolutions. */
export function scaled(warp, irSize, visSize) {
  for (const [role, mine, theirs] of [["infrared", warp.ir_size, irSize], ["visible", warp.vis_size, visSize]]) {
    if (Math.abs(mine[0] * theirs[1] - mine[1] * theirs[0]) > 0.02 * mine[0] * theirs[1]) {
      throw new Refusal(
        `The alignment is for ${role} pictures of ${mine[1]}x${mine[0]}, this one is ${theirs[1]}x${theirs[0]}, another shape; align this pair anew.`);
    }
  }
  return regrown(warp, irSize, visSize);
}

/** The same, though the pictures be of another shape: for frames that were stretched. */
export function regrown(warp, irSize, visSize) {
  const [grownIr, grownVis] = [stretch(warp.ir_size, irSize), stretch(warp.vis_size, visSize)];
  const lens = warp.lens && {
    ...warp.lens, focal_px: warp.lens.focal_px * grownIr[0][0], centre: transformed(grownIr, warp.lens.centre),
  };
  const local = warp.local?.map((row) => row.map(([x, y]) => [x * grownVis[0][0], y * grownVis[1][1]])) ?? null;
  const matrix = multiplied(grownVis, multiplied(warp.matrix, inverted(grownIr)));
  return { ir_size: irSize, vis_size: visSize, matrix, local, lens };
}

function displaced(local, [height, width], x, y) {
  const rows = local.length, columns = local[0].length;
  const place = (at, count, length) => {
    const exact = (at * (count - 1)) / Math.max(1, length - 1);
    const first = Math.min(count - 2, Math.max(0, Math.floor(exact)));
    return [first, Math.min(1, Math.max(0, exact - first))];
  };
  const [left, along] = place(x, columns, width), [top, down] = place(y, rows, height);
  return [0, 1].map((k) => {
    const upper = local[top][left][k] * (1 - along) + local[top][left + 1][k] * along;
    const lower = local[top + 1][left][k] * (1 - along) + local[top + 1][left + 1][k] * along;
    return upper * (1 - down) + lower * down;
  });
}

function seen({ focal_px, centre, k1, k2 = 0, k3 = 0 }, [x, y]) {
  const [u, v] = [(x - centre[0]) / focal_px, (y - centre[1]) / focal_px];
  const square = u * u + v * v, gain = 1 + square * (k1 + square * (k2 + square * k3));
  return [u * gain * focal_px + centre[0], v * gain * focal_px + centre[1]];
}

/** A function from a visible place to its partner's place in the infrared picture. */
export function lookupOf(warp) {
  const back = inverted(warp.matrix);
  return (x, y) => {
    const [dx, dy] = warp.local ? displaced(warp.local, warp.vis_size, x, y) : [0, 0];
    const place = transformed(back, [x + dx, y + dy]);
    return warp.lens ? seen(warp.lens, place) : place;
  };
}

/**
 * Lay an infrared picture on the visible one's pixels, bilinearly; where its camera did not look,
 * its outer pixels are repeated.
 * @returns {{picture: object, share: Float32Array | null}} share: how much of the fused picture is
 *   to be shown, 1 well inside and 0 where the infrared camera did not look; null for all over.
 */
export function applied(warp, picture) {
  const { width, height, channels } = picture;
  const source = withoutMoire(warp, picture).pixels;
  const [tall, wide] = warp.vis_size;
  const lookup = lookupOf(warp), whole = picture.depth !== 32;
  const pixels = new source.constructor(wide * tall * channels), mask = new Uint8Array(wide * tall);
  for (let y = 0, at = 0; y < tall; y++) {
    for (let x = 0; x < wide; x++, at++) {
      const [u, v] = lookup(x, y);
      mask[at] = u >= -0.5 && u <= width - 0.5 && v >= -0.5 && v <= height - 0.5;
      const [inU, inV] = [Math.min(width - 1, Math.max(0, u)), Math.min(height - 1, Math.max(0, v))];
      const [left, top] = [Math.floor(inU), Math.floor(inV)], [along, down] = [inU - left, inV - top];
      const right = Math.min(width - 1, left + 1), upperRow = top * width;
      const lowerRow = Math.min(height - 1, top + 1) * width;
      for (let k = 0; k < channels; k++) {
        const upper = source[(upperRow + left) * channels + k] * (1 - along) + source[(upperRow + right) * channels + k] * along;
        const lower = source[(lowerRow + left) * channels + k] * (1 - along) + source[(lowerRow + right) * channels + k] * along;
        const value = upper * (1 - down) + lower * down;
        pixels[at * channels + k] = whole ? Math.round(value) : value;
      }
    }
  }
  const share = mask.includes(0) ? feathered(mask, wide, tall) : null;
  return { picture: { ...picture, width: wide, height: tall, pixels, alpha: null }, share };
}

/**
 * 1 well inside a mask, 0 outside, rising over a few pixels; the picture's own border is inside.
 * Distances are chamfered with the weights of OpenCV's 3x3 mask (Borgefors, 1986).
 */
function feathered(mask, width, height) {
  const depth = Float32Array.from(mask, (inside) => (inside ? Infinity : 0));
  const neighbours = [[-1, 0, STRAIGHT], [0, -1, STRAIGHT], [-1, -1, ACROSS], [1, -1, ACROSS]];
  for (const way of [1, -1]) {
    for (let step = 0; step < depth.length; step++) {
      const at = way > 0 ? step : depth.length - 1 - step;
      const x = at % width, y = (at - x) / width;
      for (const [dx, dy, far] of neighbours) {
        const [u, v] = [x + way * dx, y + way * dy];
        if (u < 0 || v < 0 || u >= width || v >= height) continue;
        depth[at] = Math.min(depth[at], depth[v * width + u] + far);
      }
    }
  }
  return depth.map((far) => Math.min(1, far / FEATHER_PX));
}

/** The picture, blurred as far as the warp shrinks it. */
function withoutMoire({ matrix }, picture) {
  const area = matrix[0][0] * matrix[1][1] - matrix[0][1] * matrix[1][0];
  const shrinks = 1 / Math.sqrt(Math.max(Math.abs(area), 1e-6));
  return shrinks < 1.5 ? picture : { ...picture, pixels: blurred(picture, 0.35 * shrinks) };
}

function blurred({ width, height, channels, pixels, depth }, sigma) {
  const reach = Math.ceil(4 * sigma), taps = [];
  for (let at = -reach; at <= reach; at++) taps.push(Math.exp((-at * at) / (2 * sigma * sigma)));
  const sum = taps.reduce((total, tap) => total + tap, 0);
  const mirrored = (at, count) => {
    for (; at < 0 || at >= count; ) at = count === 1 ? 0 : at < 0 ? -at : 2 * count - 2 - at;
    return at;
  };
  const pass = (source, across) => {
    const result = new Float32Array(source.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let k = 0; k < channels; k++) {
          let value = 0;
          taps.forEach((tap, at) => {
            const u = across ? mirrored(x + at - reach, width) : x;
            const v = across ? y : mirrored(y + at - reach, height);
            value += tap * source[(v * width + u) * channels + k];
          });
          result[(y * width + x) * channels + k] = value / sum;
        }
      }
    }
    return result;
  };
  const soft = pass(pass(pixels, true), false);
  return depth === 32 ? soft : new pixels.constructor(soft.map(Math.round));
}
