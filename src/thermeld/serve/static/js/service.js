/** What only the service can do, where there is one: `thermeld serve` offers it beside the page. */
import { Refusal } from "./errors.js";

const base = new URL("../v1/", import.meta.url);

/** Whether a service answers beside this page; static hosts have none. */
export async function hasService() {
  try {
    const answer = await fetch(new URL("methods", base), { headers: { accept: "application/json" } });
    return answer.ok && (answer.headers.get("content-type") ?? "").includes("json");
  } catch {
    return false;
  }
}

async function asked(path, files, fields = {}) {
  const form = new FormData();
  for (const [name, bytes] of Object.entries(files)) form.append(name, new Blob([bytes]), `${name}.png`);
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  let answer;
  try {
    answer = await fetch(new URL(path, base), { method: "POST", body: form });
  } catch {
    throw new Refusal("The server could not be reached; check the connection and try again.");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(body.detail ?? `The server refused (${answer.status}).`);
  return body;
}

/** A warp found by the server, with what it thinks of it. @param {{ir, vis}} files PNG bytes. */
export const aligned = (files) => asked("align", files);

/** All metrics of three pictures. @param {{ir, vis, fused}} files PNG bytes. */
export const scored = (files) => asked("score", files);
