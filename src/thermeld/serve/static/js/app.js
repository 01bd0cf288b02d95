/** The page: what was chosen, what follows from it, and what is said about it. */
import { Alignment } from "./alignment.js";
import { $, download, make, say, settled } from "./dom.js";
import { Engine } from "./engine.js";
import { Refusal } from "./errors.js";
import { Live } from "./live.js";
import { Numbers } from "./numbers.js";
import { panelOf } from "./save.js";
import { hasService } from "./service.js";
import { Settings } from "./settings.js";
import { Slots } from "./slots.js";
import { Stage } from "./stage.js";

const SLOW_MS = 400; // progress is shown for what takes longer
const WAIT_MS = 60;

const engine = new Engine();
const facts = await (await fetch("page.json")).json();
const settings = new Settings(facts);
const stage = new Stage();
const slots = new Slots(engine, settings, facts.samples);
const alignment = new Alignment(engine, slots);
const numbers = new Numbers(engine, facts);
const live = new Live(engine, facts, alignment);

let running = 0; // number of the newest fusion
let loading = 0;
let read = () => {}; // ends what is said of the file now being read
let fusing = false;
let waits = 0; // number of what was waited for last; only that is shown

/** Say to assistive technology, and to tests, whether the result is yet to change. */
function tellBusy() {
  $("work").setAttribute("aria-busy", String(fusing || loading > 0));
}

/** Show that something is under way, if it takes long; call what this gives when it ends. */
function waiting(text) {
  const mine = ++waits;
  const timer = setTimeout(() => {
    if (mine !== waits) return;
    $("progress-bar").removeAttribute("value");
    $("progress-text").textContent = text;
    $("progress").hidden = false;
  }, SLOW_MS);
  return () => {
    clearTimeout(timer);
    if (mine === waits) $("progress").hidden = true;
  };
}

/** Fuse what is there by what is chosen; the newest request wins. */
async function fuse() {
  const mine = ++running;
  fusing = true;
  tellBusy();
  await fuseOnce(mine);
  if (mine !== running) return;
  fusing = false;
  tellBusy();
}

async function fuseOnce(mine) {
  for (const id of ["save-png", "save-panel"]) $(id).disabled = true;
  if (!slots.complete) {
    stage.show({ ir: slots.bitmap("ir"), vis: slots.bitmap("vis"), fused: null, map: null });
    numbers.hide();
    return;
  }
  const ended = waiting("Fusing");
  say($("fuse-problem"));
  try {
    const how = { ...settings.chosen, warp: alignment.warp };
    const done = await engine.call("fuse", how, { tell: showProgress });
    if (mine !== running) return;
    stage.show({ ir: done.ir, vis: slots.bitmap("vis"), fused: done.fused, map: done.map });
    const { width, height, depth } = done.facts;
    $("state").textContent =
      `Fused by ${how.card.name} in ${done.seconds.toFixed(2)} s: ${width} × ${height}, ${depth} bits. ${alignment.note}`;
    for (const id of ["save-png", "save-panel"]) $(id).disabled = false;
    await numbers.show();
  } catch (error) {
    if (mine !== running || error.message === "superseded") return;
    stage.show({ fused: null, map: null });
    numbers.hide();
    $("state").textContent = "";
    say($("fuse-problem"), spoken(error));
  } finally {
    ended();
  }
}

/** A sentence for whatever went wrong; what is our own mistake says so. */
function spoken(error) {
  if (error instanceof Refusal) return error.message;
  return `This failed unexpectedly (${error.message}); reload the page, and report it if it stays.`;
}

function showProgress({ done, total, what }) {
  const bar = $("progress-bar");
  if (total) bar.value = done / total;
  else bar.removeAttribute("value");
  const megabytes = (done / 1e6).toFixed(1);
  $("progress-text").textContent = what === "loading"
    ? `Loading the runtime, ${megabytes} MB` : `Fusing, part ${Math.min(done + 1, total)} of ${total}`;
}

const fuseLater = settled(fuse, WAIT_MS);

function fuseSoon() {
  fusing = true;
  tellBusy();
  fuseLater();
}

/** Make a file and hand it out. */
async function save(make, ending) {
  const ended = waiting("Writing the file");
  try {
    download(await make(), `${slots.stem}_${ending}.png`, "image/png");
  } catch (error) {
    say($("fuse-problem"), spoken(error));
  } finally {
    ended();
  }
}

const panel = () =>
  panelOf(Object.fromEntries(["ir", "vis", "fused"].map((role) => [role, stage.picture(role)])));

function choose(mode) {
  for (const each of ["pictures", "live"]) {
    $(each).hidden = each !== mode;
    $(`mode-${each}`).setAttribute("aria-pressed", String(each === mode));
  }
  if (mode === "live") live.enter();
  else live.stop();
}

slots.addEventListener("loading", () => {
  loading++;
  read = waiting("Reading");
  tellBusy();
});
slots.addEventListener("change", () => {
  loading--;
  read();
  alignment.renew();
  $("state").textContent = slots.complete ? "" : "Choose two pictures of one view, or take a sample.";
  fuseSoon();
});
settings.addEventListener("change", fuseSoon);
settings.addEventListener("look", async () => {
  if (!slots.bitmap("ir")) return;
  try {
    const { window, palette } = settings.chosen;
    await slots.renew(await engine.call("view", { window, palette }));
    alignment.show();
  } catch (error) {
    say($("fuse-problem"), spoken(error));
  }
  fuseSoon();
});
alignment.addEventListener("change", fuseSoon);
live.addEventListener("take", async ({ detail }) => {
  choose("pictures");
  await slots.take(detail);
});
$("save-png").addEventListener("click", () => save(() => engine.call("encode"), "fused"));
$("save-panel").addEventListener("click", () => save(panel, "panel"));
for (const mode of ["pictures", "live"]) $(`mode-${mode}`).addEventListener("click", () => choose(mode));

async function tellEngine() {
  const { threads, gpu } = await engine.call("engine");
  const parts = [`Runs here on ${threads} ${threads === 1 ? "thread" : "threads"}`];
  if (gpu) parts.push("the graphics processor is there for live pictures");
  $("engine").textContent = `${parts.join("; ")}. Version ${facts.version}.`;
}

async function tellService() {
  const there = await hasService();
  alignment.offer(there);
  numbers.offer(there);
}

/** Keep the page for when there is no network; it also isolates it, which allows threads. */
async function keep() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("sw.js");
    await navigator.serviceWorker.ready;
    document.documentElement.dataset.kept = "yes";
  } catch (error) {
    document.documentElement.dataset.kept = "no"; // private windows refuse; the page works without
    $("engine").append(make("span", { textContent: ` Not kept for offline use (${error.message}).` }));
  }
}

fuse();
tellEngine();
tellService();
keep();
document.documentElement.dataset.ready = "yes";
