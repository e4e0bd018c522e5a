// The charge desk: tiles, scans and keys change the bill one after another, in the order they came, however slow the line.
import { shut } from "./ui.js";
const desk = document.querySelector("#desk"), field = desk.elements.code, bill = document.querySelector("#bill");
const dialog = document.querySelector("#dialog"), draft = `desk:${desk.elements.site.value}`;
let queue = Promise.resolve(), waiting = 0, isPaying = false;
// What keeps the desk going without its line comes after the page stands; where it could not be had, a code that found
// no line goes back into the field.
let provisional = { isDown: () => false, reaches: async () => true, down: () => undefined, change: ({ code }) => { field.value ||= code ?? ""; } };

// A change that finds no line is made here, on this till, and so are all that follow until the line is back.
let isLost = false;
const asked = async (values) => {
  if (provisional.isDown()) return provisional.change(values);
  isLost = false;
  await htmx.ajax("POST", desk.dataset.lines, { source: desk, target: "#bill", swap: "innerHTML", values: { step: "", ...values } }).catch(() => { isLost = true; });
  if (!isLost) return undefined;
  await late;
  provisional.down();
  return provisional.change(values);
};
const change = (values) => { waiting += 1; return (queue = queue.then(() => asked(values)).finally(() => { waiting -= 1; })); };
document.addEventListener("htmx:error", async ({ detail }) => {
  if (detail.error?.name === "AbortError") return;
  isLost = true;
  if (!await provisional.reaches()) provisional.down();
});
document.addEventListener("line-down", () => { isLost = true; });
// Payment is for the bill with everything in it: whoever is faster than the line pays when the last change has arrived.
const pay = () => {
  if (isPaying || dialog.open) return;
  isPaying = true;
  queue = queue.then(() => { isPaying = false; if (dialog.open) return; if (provisional.isDown()) provisional.pay(); else document.querySelector("#pay")?.click(); });
};
const away = () => { if (dialog.open) shut(); };
const current = () => bill.querySelector("[aria-current]")?.dataset.line ?? "";
const quantity = () => {
  const typed = /^\s*(\d+(?:\.\d+)?)\s*[*x]?\s*$/i.exec(field.value);
  if (typed) field.value = "";
  return typed?.[1] ?? "1";
};
const add = (code, many = "1", on = "") => change({ code, quantity: many, on });
// A sheet is asked for with the bill as it is once everything picked before has arrived.
const sheet = (path) => { queue = queue.then(() => provisional.isDown() ? provisional.sheet(path) : htmx.ajax("POST", path, { source: desk, target: "#dialog", swap: "innerHTML", values: { line: current(), code: "", step: "" } }).catch(() => undefined)); };
const pick = (to) => { bill.querySelector("[aria-current]")?.removeAttribute("aria-current"); to?.setAttribute("aria-current", "true"); to?.scrollIntoView({ block: "nearest" }); };

document.addEventListener("scan", (event) => { event.preventDefault(); if (dialog.open && !dialog.querySelector("[data-pick]")) return; away(); add(event.detail); });
document.addEventListener("click", ({ target }) => {
  const tile = target.closest("[data-code]"), key = target.closest("[data-step]"), line = target.closest("#bill [data-line]"), paper = target.closest("[data-sheet]");
  if (paper) sheet(paper.dataset.sheet);
  else if (tile) { away(); add(tile.dataset.code, quantity(), tile.dataset.on); field.focus(); }
  else if (key) { change({ step: key.dataset.step, line: key.dataset.of ?? current(), code: "" }); field.focus(); }
  else if (line) { pick(line); field.focus(); }
});
addEventListener("click", (event) => {
  if (!(waiting || provisional.isDown()) || !event.target.closest?.("#pay")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  pay();
}, true);
desk.addEventListener("submit", (event) => { event.preventDefault(); enter(); });
const enter = () => {
  const text = field.value.trim();
  if (!text) return pay();
  const [, many, code] = /^(?:(\d+(?:\.\d+)?)\s*[*x]\s*)?(.*)$/i.exec(text);
  field.value = "";
  add(code, many ?? "1");
};
field.addEventListener("keydown", (event) => {
  if (field.value) return;
  const step = { "+": "more", "-": "less", Delete: "drop" }[event.key], move = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (step) { event.preventDefault(); change({ step, line: current(), code: "" }); }
  if (move) { event.preventDefault(); const to = bill.querySelector("[aria-current]")?.[move]; if (to) pick(to); }
});
// Alt and a letter: what else the desk does with the line in hand or with the bill.
const letters = { m: "#choose-member", l: "[data-sheet='/charge/line']", d: "[data-sheet='/charge/whole']", k: "[data-sheet='/charge/park']", r: "#parked", u: "#change-person", a: "#bill [aria-current] [data-on]", b: "#bill [aria-current] [hx-vals*=set_redeem]" };
document.addEventListener("keydown", (event) => {
  const wanted = event.altKey && !dialog.open && letters[event.key.toLowerCase()];
  if (!wanted) return;
  event.preventDefault();
  document.querySelector(wanted)?.click();
});
// In the sheet of payment Alt and a number choose how it is paid.
document.addEventListener("keydown", (event) => {
  const kind = event.altKey && dialog.open && dialog.querySelector(`[name=tender][data-key="${CSS.escape(event.key)}"]`);
  if (!kind) return;
  event.preventDefault();
  kind.checked = true;
  (kind.value === "gift" ? dialog.querySelector("[name=reference]") : dialog.querySelector("[name=received]"))?.focus();
});

// The bill lives in this page's form; a copy in the browser outlives a reload or a lost line.
const keep = () => {
  const all = [...new FormData(desk)].filter(([name]) => /^(line_of|cart|member_id|charge_id)$/.test(name)), has = bill.querySelector("[name=line_of]");
  if (has) localStorage[draft] = JSON.stringify(all);
  return has;
};
document.addEventListener("htmx:after:swap", () => { keep(); bill.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" }); });
document.addEventListener("bill-drawn", () => keep() || localStorage.removeItem(draft));
document.addEventListener("charge-recorded", () => localStorage.removeItem(draft));
document.addEventListener("bill-empty", () => localStorage.removeItem(draft));
document.addEventListener("parked-changed", () => htmx.ajax("GET", `/charge/waiting?site=${desk.elements.site.value}`, { target: "#parked", swap: "outerHTML" }));
document.addEventListener("member-chosen", ({ detail }) => { desk.elements.member_id.value = detail.value ?? detail; change({ code: "" }); });
// The cursor comes back afresh: Chromium gives typed text to no field whose focus came while the dialog's own field went.
const back = () => { if (dialog.open) return; field.blur(); field.focus(); };
dialog.addEventListener("close", () => setTimeout(back));
document.addEventListener("dialog-shut", back);
// What is typed with the cursor nowhere goes into the field.
addEventListener("keydown", ({ key, target, ctrlKey, altKey, metaKey }) => {
  if (target === document.body && key.length === 1 && key !== "?" && !ctrlKey && !altKey && !metaKey) field.focus();
}, true);
const stands = new Promise((done) => { if (document.readyState === "complete") done(); else addEventListener("load", done); });
const late = stands.then(() => import("./provisional.js")).then((it) => {
  provisional = it;
  it.watch(desk.elements.site.value, {
    onDown: () => away(),
    onUp: () => { if (desk.dataset.shell !== undefined) location.href = `/charge?site=${desk.elements.site.value}`; else if (bill.querySelector("[name=line_of]")) change({ code: "" }); },
  });
}).catch(() => undefined);
// The till of this browser is remembered.
const till = desk.elements.till_id;
if (till) {
  const known = localStorage[`till:${desk.elements.site.value}`];
  if ([...till.options].some(({ value }) => value === known)) till.value = known;
  till.addEventListener("change", () => { localStorage[`till:${desk.elements.site.value}`] = till.value; });
}
const kept = localStorage[draft];
if (kept) addEventListener("load", () => change({ code: "", kept }));
field.focus();
