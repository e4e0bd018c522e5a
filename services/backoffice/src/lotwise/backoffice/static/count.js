// Counting on a tablet: digits land in the quantity, a scan opens its line, and what was typed outlives a lost line.
const pad = document.querySelector("#pad"), main = document.querySelector("#main"), here = main.dataset.scan;
const form = () => pad.querySelector("#pad-form"), field = () => pad.querySelector("#quantity");
const draft = () => `${here}:${form()?.dataset.line}`;
let again = 0;

const restore = () => {
  const kept = form() && localStorage[draft()];
  if (!kept || field().value) return;
  const { quantity, key, at } = JSON.parse(kept);
  field().value = quantity;
  if (at) { form().elements.key.value = key; form().elements.counted_at.value = at; }
};
const keep = () => {
  if (!form()) return;
  const { key, counted_at } = form().elements;
  localStorage[draft()] = JSON.stringify({ quantity: field().value, key: key.value, at: counted_at.value });
};

document.addEventListener("input", ({ target }) => {
  if (target.id !== "quantity") return;
  form().elements.counted_at.value = "";
  keep();
});
document.addEventListener("click", ({ target }) => {
  const key = target.closest("[data-pad]")?.dataset.pad;
  if (!key) return;
  field().value = key === "back" ? field().value.slice(0, -1) : field().value + key;
  field().dispatchEvent(new Event("input", { bubbles: true }));
  field().focus();
});
document.addEventListener("scan", (event) => {
  if (event.defaultPrevented) return field()?.dispatchEvent(new Event("input", { bubbles: true }));
  event.preventDefault();
  htmx.ajax("GET", `${here}?data=${encodeURIComponent(event.detail)}`, { target: "#pad", swap: "innerHTML" });
});

// The instant of counting goes with the first try, so that a later try is netted from there; its key makes it one count.
document.addEventListener("submit", ({ target }) => {
  if (target.id !== "pad-form") return;
  const stamp = target.elements.counted_at;
  if (!stamp.value) stamp.value = new Date().toISOString();
  keep();
}, true);
const later = () => {
  clearTimeout(again);
  if (form()?.elements.counted_at.value) again = setTimeout(() => form()?.requestSubmit(), 3000);
};
document.addEventListener("htmx:error", later);
document.addEventListener("htmx:response:error", ({ detail }) => { if (detail.ctx.response.status >= 500) later(); });
document.addEventListener("htmx:before:request", ({ target }) => { if (target.id === "pad-form") pad.dataset.sent = draft(); });
document.addEventListener("count-kept", () => { clearTimeout(again); delete localStorage[pad.dataset.sent]; });
document.addEventListener("htmx:after:swap", () => { restore(); (field() ?? pad.querySelector("[autofocus]"))?.focus(); });
restore();
field()?.focus();
