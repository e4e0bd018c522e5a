// The page's side of the live stream, which begins where the page was read (`data-after`): swaps what arrived, wakes what listens (`hx-trigger="live-alerts from:body"`), shows Live or Offline.
const pill = document.querySelector("#live");

const show = (live) => {
  if (!pill) return;
  const was = pill.dataset.state;
  pill.dataset.state = live ? "on" : "off";
  pill.textContent = live ? "Live" : "Offline";
  if (live && was === "off") wake(["all"]);
};
const wake = (topics) => topics.forEach((topic) =>
  (topic === "all" ? ["all", "stock", "sales", "alerts", "orders", "catalog"] : [topic])
    .forEach((name) => document.body.dispatchEvent(new CustomEvent(`live-${name}`))));

const heard = ({ html, topics, live }) => {
  if (html) htmx.swap({ text: html, sourceElement: document.body, target: document.body, swap: "none", request: {}, response: {} });
  if (topics) wake(topics);
  if (live !== undefined) show(live);
};

if (pill && globalThis.SharedWorker) {
  const { port } = new SharedWorker(new URL("live.js", import.meta.url));
  port.onmessage = ({ data }) => heard(data);
  port.postMessage({ after: pill.dataset.after });
  addEventListener("pagehide", () => port.postMessage("bye"));
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
} else if (pill) {
  // Without shared workers each tab has a stream of its own, closed while the tab is out of sight.
  let source, last = pill.dataset.after;
  const follow = () => {
    source?.close();
    if (document.hidden) return;
    source = new EventSource(`/live?after=${encodeURIComponent(last)}`);
    source.onmessage = ({ data, lastEventId }) => { last = lastEventId || last; heard(JSON.parse(data)); };
    source.onopen = () => show(true);
    source.onerror = () => show(false);
  };
  document.addEventListener("visibilitychange", follow);
  follow();
}
addEventListener("offline", () => show(false));
