/** ONNX Runtime in the browser, and the networks it runs. Lives in a worker. */
import { Refusal } from "./errors.js";
import { unpacked } from "./gzip.js";
import { luminance } from "./scale.js";

const HERE = new URL("../", import.meta.url);
const RUNTIME = new URL("runtime/", HERE);
const KINDS = {
  wasm: ["ort.wasm.min.mjs", "ort-wasm-simd-threaded"],
  webgpu: ["ort.webgpu.min.mjs", "ort-wasm-simd-threaded.asyncify"],
};
const MAX_THREADS = 8;
const GZIP = [0x1f, 0x8b];

const runtimes = new Map(); // kind to a promise of the loaded module
const sessions = new Map(); // kind and file to a promise of a session

/** Threads that a network may use here: more than one only on an isolated page. */
export const threads = () =>
  self.crossOriginIsolated ? Math.min(MAX_THREADS, navigator.hardwareConcurrency || 1) : 1;

/** Whether the browser offers a graphics processor that is one. */
export async function hasGpu() {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  return Boolean(adapter) && !adapter.info?.isFallbackAdapter;
}

/**
 * Fetch a file, telling how much is there.
 * @param {(done: number, total: number) => void} tell bytes; total is 0 where unknown.
 */
async function fetched(url, tell = () => {}) {
  let answer;
  try {
    answer = await fetch(url);
  } catch {
    throw new Refusal(`${url.pathname.split("/").at(-1)} could not be fetched; check the connection and reload.`);
  }
  if (!answer.ok) throw new Refusal(`${url.pathname} is missing on this server (${answer.status}).`);
  const total = Number(answer.headers.get("content-length") ?? 0);
  const parts = [];
  let done = 0;
  for (const reader = answer.body.getReader(); ; ) {
    const { value, done: ended } = await reader.read();
    if (ended) break;
    parts.push(value);
    done += value.length;
    tell(done, total);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

async function load(kind, tell) {
  const [module, stem] = KINDS[kind];
  const bytes = await fetched(new URL(`${stem}.wasm.gz`, RUNTIME), tell);
  // Some web hosts unpack .gz files on their own.
  const packed = GZIP.every((byte, at) => bytes[at] === byte);
  const binary = packed ? await unpacked(bytes, "gzip") : bytes;
  const { default: ort } = await import(new URL(module, RUNTIME).href);
  ort.env.wasm.wasmBinary = binary.buffer;
  ort.env.wasm.wasmPaths = { mjs: new URL(`${stem}.mjs`, RUNTIME).href };
  ort.env.wasm.numThreads = threads();
  ort.env.logLevel = "error";
  return ort;
}

/** A promise that is made once; a failure is forgotten, so that it can be tried again. */
function once(table, key, make) {
  if (!table.has(key)) {
    const made = make();
    table.set(key, made);
    made.catch(() => table.delete(key));
  }
  return table.get(key);
}

async function open(kind, { file, sha256 }, tell) {
  const [ort, bytes] = await Promise.all([
    once(runtimes, kind, () => load(kind, tell)), fetched(new URL(`models/${file}`, HERE)),
  ]);
  if (self.crypto?.subtle) {
    const found = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const digits = Array.from(found, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (digits !== sha256) throw new Refusal(`${file} is not the file its card describes; reload the page.`);
  }
  const session = await ort.InferenceSession.create(bytes, { executionProviders: [kind] });
  return { ort, session };
}

/** One method of the list, run by networks or by a rule. */
export class Method {
  /** @param {object} card of `methods.json`; @param {"wasm" | "webgpu"} kind */
  constructor(card, kind = "wasm") {
    this.card = card;
    this.kind = kind;
  }

  /** Load what grey or colour pictures need. `tell` is as of `fetched`. */
  async prepare({ colour = false, scale = 1 } = {}, tell) {
    if (!this.card.files.length) return null;
    const file = this.#file(colour, scale);
    return once(sessions, `${this.kind} ${file.file}`, () => open(this.kind, file, tell));
  }

  /** The file for that kind of visible picture with the least work, as `Model.variant`. */
  #file(colour, scale) {
    const { files } = this.card;
    if (scale !== 1) return files.find((file) => file.map_scale === scale);
    const fit = files.filter((file) =>
      file.map_scale === 1 && (file.vis === 3 || !colour || files[0].vis === 1));
    return fit.reduce((least, file) => (file.vis < least.vis ? file : least));
  }

  /** Two grey planes fused: values in 0..1. */
  async fuse(ir, vis) {
    if (!this.card.files.length) return RULES[this.card.name](ir.values, vis.values);
    if (this.card.blends) return blended(ir, vis, await this.share(ir, vis));
    const { data, dims } = await this.#run("fused", ir, vis);
    const [, channels, height, width] = dims;
    const values = channels === 1 ? data : luminance(interleaved(data, width, height)).values;
    return values.map((value) => Math.min(1, Math.max(0, value)));
  }

  /** The share of infrared per pixel; with `scale`, of every scale-th row and column. */
  async share(ir, vis, scale = 1) {
    return (await this.#run("map", ir, vis, scale)).data;
  }

  async #run(output, ir, vis, scale = 1) {
    const colour = vis.channels === 3;
    const { ort, session } = await this.prepare({ colour, scale });
    const file = this.#file(colour, scale);
    const tensor = (plane, channels) =>
      new ort.Tensor("float32", planar(plane, channels), [1, channels, plane.height, plane.width]);
    const feeds = { ir: tensor(ir, file.ir), vis: tensor(vis, file.vis) };
    const answer = (await session.run(feeds, [output]))[output];
    const data = this.kind === "webgpu" ? await answer.getData() : answer.data;
    return { data, dims: answer.dims };
  }
}

const RULES = {
  average: (ir, vis) => ir.map((value, at) => 0.5 * (value + vis[at])),
  maximum: (ir, vis) => ir.map((value, at) => Math.max(value, vis[at])),
};

function blended(ir, vis, share) {
  return share.map((part, at) => part * ir.values[at] + (1 - part) * vis.values[at]);
}

/** A plane's values by channel, as networks take them. */
function planar(plane, channels) {
  const { width, height, values } = channels === 1 ? luminance(plane) : plane;
  const count = width * height;
  if (channels === 1) return values;
  const result = new Float32Array(3 * count);
  for (let k = 0; k < 3; k++) {
    for (let at = 0; at < count; at++) {
      result[k * count + at] = plane.channels === 1 ? values[at] : values[3 * at + k];
    }
  }
  return result;
}

function interleaved(data, width, height) {
  const count = width * height, values = new Float32Array(3 * count);
  for (let at = 0; at < count; at++) for (let k = 0; k < 3; k++) values[3 * at + k] = data[k * count + at];
  return { width, height, channels: 3, values };
}
