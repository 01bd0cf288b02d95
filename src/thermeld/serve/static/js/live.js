/** Two cameras or two video files, fused as they run. */
import { $, make, say } from "./dom.js";
import { Refusal } from "./errors.js";
import { fillMethods } from "./settings.js";

const ROLES = ["ir", "vis"];
const METER_MS = 500;
const KINDS = { wasm: "processor", webgpu: "graphics processor" };

/** Fires "take" with {ir, vis} as {name, bytes} when the pair shown is to become pictures. */
export class Live extends EventTarget {
  #engine;
  #facts;
  #alignment;
  #streams = { ir: null, vis: null };
  #run = 0; // number of the run now on; another number ends a loop

  constructor(engine, facts, alignment) {
    super();
    this.#engine = engine;
    this.#facts = facts;
    this.#alignment = alignment;
    fillMethods($("live-method"), facts);
    $("live-start").addEventListener("click", () => (this.#on ? this.stop() : this.#start()));
    $("live-take").addEventListener("click", () => this.#take());
    $("cameras").addEventListener("click", () => this.#find());
    for (const role of ROLES) {
      $(`source-${role}`).addEventListener("change", () => {
        $(`video-${role}`).hidden = $(`source-${role}`).value !== "file";
      });
    }
    for (const id of ["live-method", "live-size", "live-scale", "live-kind", "live-color"]) {
      $(id).addEventListener("change", () => this.#on && this.#start());
    }
  }

  get #on() {
    return $("live-start").dataset.on === "yes";
  }

  /** The visitor came to this part of the page. */
  enter() {
    const { warp } = this.#alignment;
    $("live-warp").textContent = warp
      ? "The alignment made under Pictures is used." : "No alignment; make one under Pictures if the cameras differ.";
  }

  /** Ask for the use of cameras, and list them: without leave they have no names. */
  async #find() {
    say($("live-problem"));
    try {
      if (!navigator.mediaDevices) throw new Refusal("This browser gives cameras only to pages on https or on this machine.");
      const leave = await navigator.mediaDevices.getUserMedia({ video: true });
      for (const track of leave.getTracks()) track.stop();
      const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
      for (const [at, role] of ROLES.entries()) {
        const select = $(`source-${role}`);
        select.replaceChildren(make("option", { value: "file", textContent: "A video file" }),
          ...cameras.map(({ deviceId, label }, number) =>
            make("option", { value: deviceId, textContent: label || `Camera ${number + 1}` })));
        select.value = cameras[Math.min(at, cameras.length - 1)]?.deviceId ?? "file";
        $(`video-${role}`).hidden = select.value !== "file";
      }
      $("camera-note").textContent = cameras.length === 1
        ? "One camera found; two are needed for infrared and visible." : `${cameras.length} cameras found.`;
    } catch (error) {
      say($("live-problem"), cameraSentence(error));
    }
  }

  async #open(role) {
    const video = $(`stream-${role}`), chosen = $(`source-${role}`).value;
    this.#close(role);
    if (chosen === "file") {
      const [file] = $(`video-${role}`).files;
      if (!file) throw new Refusal("Choose a video file, or a camera.");
      this.#streams[role] = URL.createObjectURL(file);
      video.src = this.#streams[role];
    } else {
      this.#streams[role] = await navigator.mediaDevices.getUserMedia({ video: { deviceId: { exact: chosen } } });
      video.srcObject = this.#streams[role];
    }
    await video.play().catch((error) => {
      throw new Refusal(chosen === "file" ? "This browser cannot play that video; convert it to MP4 or WebM." : error.message);
    });
  }

  #close(role) {
    const video = $(`stream-${role}`), stream = this.#streams[role];
    video.pause();
    if (typeof stream === "string") URL.revokeObjectURL(stream);
    else for (const track of stream?.getTracks() ?? []) track.stop();
    video.removeAttribute("src");
    video.srcObject = null;
    this.#streams[role] = null;
  }

  async #start() {
    const mine = ++this.#run;
    $("live-start").dataset.on = "yes";
    $("live-start").textContent = "Stop";
    say($("live-problem"));
    const opened = [];
    for (const role of ROLES) {
      say($(`live-problem-${role}`));
      try {
        await this.#open(role);
        opened.push(role);
      } catch (error) {
        say($(`live-problem-${role}`), cameraSentence(error));
      }
    }
    if (opened.length < 2 || mine !== this.#run) return mine === this.#run && this.stop();
    try {
      const how = await this.#prepare();
      if (mine === this.#run) await this.#loop(mine, how);
    } catch (error) {
      if (mine !== this.#run) return;
      this.stop();
      say($("live-problem"), error instanceof Refusal ? error.message : `The stream ended (${error.message}).`);
    }
  }

  /** Load the network where it runs best; a graphics processor that fails gives way. */
  async #prepare() {
    const { videoWidth, videoHeight } = $("stream-vis");
    const width = Number($("live-size").value), height = Math.round((width * videoHeight) / videoWidth);
    const card = this.#facts.methods.find(({ name }) => name === $("live-method").value);
    const how = { card, width, height, color: $("live-color").value, scale: Number($("live-scale").value), warp: this.#alignment.warp };
    const wanted = $("live-kind").value;
    const { gpu, threads } = await this.#engine.call("engine");
    const tell = ({ done, total }) => {
      $("live-progress").hidden = false;
      if (total) $("live-bar").value = done / total;
      $("live-progress-text").textContent = `Loading the runtime, ${(done / 1e6).toFixed(1)} MB`;
    };
    try {
      const kind = wanted === "auto" ? (gpu && card.files.length ? "webgpu" : "wasm") : wanted;
      await this.#engine.call("liveStart", { ...how, kind }, { tell }).catch(async (error) => {
        if (kind === "wasm") throw error;
        say($("live-problem"), `The graphics processor cannot be used (${error.message}); the processor does it.`);
        how.fallback = true;
        await this.#engine.call("liveStart", { ...how, kind: "wasm" }, { tell });
      });
      const used = how.fallback ? "wasm" : kind;
      $("live-engine").textContent = used === "wasm" ? `${KINDS.wasm}, ${threads} ${threads === 1 ? "thread" : "threads"}` : KINDS[used];
    } finally {
      $("live-progress").hidden = true;
    }
    return how;
  }

  async #loop(mine, { width, height }) {
    const canvas = $("live-stage");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d"), meter = new Meter();
    $("live-empty").hidden = $("meter").hidden = true;
    $("live-take").disabled = false;
    const pairs = async () => {
      while (mine === this.#run) {
        const begun = performance.now();
        const [ir, vis] = await Promise.all(ROLES.map((role) => frameOf($(`stream-${role}`))));
        const { bitmap, network } = await this.#engine.call("liveFrame", { ir, vis }, { transfer: [ir, vis] });
        if (mine !== this.#run) break;
        context.drawImage(bitmap, 0, 0);
        bitmap.close();
        meter.count(performance.now() - begun, network);
        await new Promise(requestAnimationFrame);
      }
    };
    // While one pair is fused, the next is fetched.
    await Promise.all([pairs(), pairs()]);
  }

  stop() {
    this.#run++;
    for (const role of ROLES) this.#close(role);
    $("live-start").dataset.on = "no";
    $("live-start").textContent = "Start";
    $("live-take").disabled = true;
  }

  async #take() {
    const pair = {};
    for (const role of ROLES) {
      const video = $(`stream-${role}`), canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
      canvas.getContext("2d").drawImage(video, 0, 0);
      const blob = await canvas.convertToBlob({ type: "image/png" });
      pair[role] = { name: `live_${role}.png`, bytes: await blob.arrayBuffer() };
    }
    this.stop();
    this.dispatchEvent(new CustomEvent("take", { detail: pair }));
  }
}

/** What a stream shows now; where the browser can, without a copy. */
const frameOf = (video) => ("VideoFrame" in window ? new VideoFrame(video) : createImageBitmap(video));

/** Frames per second and times, said twice a second. */
class Meter {
  #since = performance.now();
  #frames = [];

  count(frame, network) {
    this.#frames.push([frame, network]);
    const now = performance.now(), span = now - this.#since;
    if (span < METER_MS) return;
    const mean = (k) => this.#frames.reduce((sum, each) => sum + each[k], 0) / this.#frames.length;
    $("fps").textContent = ((1000 * this.#frames.length) / span).toFixed(1);
    $("frame-ms").textContent = `${mean(0).toFixed(0)} ms`;
    $("network-ms").textContent = `${mean(1).toFixed(0)} ms`;
    $("meter").hidden = false;
    this.#frames = [];
    this.#since = now;
  }
}

function cameraSentence(error) {
  if (error instanceof Refusal) return error.message;
  const known = {
    NotAllowedError: "The browser was not allowed to use the camera; allow it beside the address and try again.",
    NotFoundError: "No camera was found; connect one and try again.",
    NotReadableError: "The camera is used by another program; close that and try again.",
    OverconstrainedError: "That camera is gone; find cameras again.",
  };
  return known[error.name] ?? `The camera cannot be used (${error.message}).`;
}
