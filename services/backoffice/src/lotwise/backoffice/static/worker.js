// Keeps the desk's own page and its files, so that a reload finds the desk while the line is down. No name is kept:
// the page that is kept is the empty one.
const STORE = "desk";
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
const kept = async (request) => (await caches.open(STORE)).match(request, { ignoreVary: true });
addEventListener("fetch", (event) => {
  const { request } = event, { pathname, searchParams } = new URL(request.url);
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && pathname === "/charge") {
    event.respondWith(fetch(request).catch(async () => {
      const store = await caches.open(STORE), site = searchParams.get("site");
      const pages = (await store.keys()).filter(({ url }) => new URL(url).pathname === "/charge/offline");
      const own = pages.find(({ url }) => new URL(url).searchParams.get("site") === site) ?? pages.at(-1);
      return (own && await kept(own)) ?? Response.error();
    }));
  } else if (pathname.startsWith("/assets/")) {
    event.respondWith(kept(request).then((found) => found ?? fetch(request).then(async (answer) => {
      if (answer.ok) (await caches.open(STORE)).put(request, answer.clone());
      return answer;
    })));
  }
});
