/**
 * Keeps the page for when there is no network, and adds the headers that isolate it (and so allow
 * threads) where the web host sends none. The first line, with what to keep, is put before this.
 */
const STORE = `thermeld-${KEPT.version}`;
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp",
};
const ours = new Set(KEPT.files.map((file) => new URL(file, self.registration.scope).href));

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const store = await caches.open(STORE);
    await store.addAll(KEPT.first.map((file) => new Request(file, { cache: "no-cache" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("thermeld-") && name !== STORE) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  url.search = url.hash = "";
  if (event.request.method === "GET" && ours.has(url.href)) event.respondWith(answer(event.request, url.href));
});

/** From the store; what is not there yet is fetched and kept. */
async function answer(request, address) {
  const store = await caches.open(STORE);
  let found = await store.match(address);
  if (!found) {
    found = await fetch(request);
    if (found.status !== 200) return found;
    await store.put(address, found.clone());
  }
  const headers = new Headers(found.headers);
  for (const [name, value] of Object.entries(ISOLATED)) headers.set(name, value);
  return new Response(found.body, { status: found.status, headers });
}
