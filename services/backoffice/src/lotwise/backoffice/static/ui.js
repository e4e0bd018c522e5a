// What the platform and htmx do not give: dialog, keys, rows, command bar, toasts, site switch.
import "./scan.js";
import "./stream.js";

const $ = (selector, root = document) => root.querySelector(selector);
const dialog = $("#dialog"), root = document.documentElement;
const typing = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const load = (source) => htmx.ajax("GET", source.dataset.get, { target: source.dataset.into ?? "#dialog", swap: "innerHTML" });
export const ask = (path) => htmx.ajax("GET", path, { target: "#dialog", swap: "innerHTML" });

const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const actions = {
  theme: () => { localStorage.theme = root.dataset.theme = dark() ? "light" : "dark"; },
  close: () => (dialog.open ? shut() : history.back()),
  print: () => print(),
  palette: () => ask("/search"),
  keys: () => keys(),
  copy: (button) => navigator.clipboard.writeText(button.dataset.copy),
};

document.addEventListener("click", (event) => {
  const { target } = event, button = target.closest("[data-action]");
  if (button) return actions[button.dataset.action]?.(button);
  if (target.closest("a, button, input, label, select, summary")?.matches(":not([data-get])")) return;
  const source = target.closest("[data-get], [data-href]");
  if (!source || getSelection().toString()) return;
  if (source.dataset.href) location.href = source.dataset.href; else open(source);
});
const open = (source) => {
  if (source.matches("tr")) {
    source.parentElement.querySelectorAll("[aria-selected]").forEach((row) => row.removeAttribute("aria-selected"));
    source.setAttribute("aria-selected", "true");
  }
  return load(source);
};
document.addEventListener("change", ({ target }) => {
  if (target.dataset.go) location.href = target.dataset.go + target.value;
  if (target.matches("[data-submit]")) target.form.requestSubmit();
  if (target.dataset.max) { target.setCustomValidity(target.files[0]?.size > target.dataset.max ? target.dataset.over : ""); target.reportValidity(); }
});

$(".side [aria-current]")?.scrollIntoView({ block: "nearest" });

// One dialog: whatever is swapped into it opens it; closing empties it at once (its event comes later, and a swap
// between the two would find the old form and open it again) and gives the focus back. Only a sheet that is new in it
// takes the cursor: live figures that arrive behind it, or a list within it, leave the cursor where one types.
let opener = null, shown = null;
// A receipt that was just written down as given goes to the printer.
const paper = (within) => { if ($("[data-print]", within)) print(); };
addEventListener("load", () => paper(document));
export const shut = () => { dialog.replaceChildren(); dialog.close(); document.dispatchEvent(new CustomEvent("dialog-shut")); };
document.addEventListener("dialog-close", shut);
document.addEventListener("htmx:after:swap", () => {
  if (!dialog) return;
  const sheet = dialog.firstElementChild;
  if (sheet && !dialog.open) { opener = document.activeElement; dialog.showModal(); }
  if (sheet === shown) return;
  shown = sheet;
  paper(dialog);
  ($("[aria-invalid]", dialog) ?? $("[autofocus]", dialog))?.focus();
});
dialog?.addEventListener("close", () => { dialog.replaceChildren(); if (opener?.isConnected) opener.focus(); });
dialog?.addEventListener("click", (event) => { if (event.target === dialog && !$("form", dialog)) shut(); });

// A scan into a list of serial numbers is its next line; one into a sheet's field with choices (a lot, a serial) fills it.
document.addEventListener("scan", (event) => {
  const at = document.activeElement, lines = at?.closest?.("[data-scan-lines] textarea"), one = at?.closest?.("dialog [list]");
  if (!lines && !one) return;
  event.preventDefault();
  if (one) one.value = event.detail; else lines.value = [...lines.value.split("\n").filter(Boolean), event.detail, ""].join("\n");
});

// A scan means what the page says (`data-scan` on main); elsewhere it goes to the thing.
document.addEventListener("scan", (event) => setTimeout(() => {
  if (event.defaultPrevented) return;
  const field = dialog?.open && $("[data-scan-field]", dialog);
  const path = field ? field.dataset.scanField : $("main")?.dataset.scan ?? "/scan";
  const kept = field?.matches?.("[data-scan-keep]") ? `&${new URLSearchParams(new FormData(field))}` : "";
  ask(`${path}${path.includes("?") ? "&" : "?"}data=${encodeURIComponent(event.detail)}${kept}`);
}));

// Keys: whatever carries `data-key` is pressed or focused; arrows walk rows; F-keys work while typing too.
const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling", j: "nextElementSibling", k: "previousElementSibling" };
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") { event.preventDefault(); return ask("/search"); }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const palette = event.target.closest?.(".palette");
  if (palette) return choose(palette, event);
  const functional = /^F\d+$/.test(event.key);
  if (typing(event.target) && !functional) return event.key === "Escape" && !dialog?.open ? event.target.blur() : undefined;
  const scope = dialog?.open ? dialog : document, row = event.target.closest?.("tbody tr");
  if (event.key === "?" && !dialog?.open) return keys();
  if (row && event.target === row && event.key === "Enter") return row.dataset.href ? (location.href = row.dataset.href) : row.dataset.get && open(row);
  if (step[event.key] && (row || event.key.length === 1) && !dialog?.open) {
    const next = row ? row[step[event.key]] : $("tbody tr[tabindex]");
    if (next) { event.preventDefault(); next.focus(); }
    return;
  }
  const name = `[data-key="${CSS.escape(event.key)}"]`, wanted = (row && $(name, row)) || $(name, scope);
  if (!wanted) { if (functional && $(".desk")) event.preventDefault(); return; }
  event.preventDefault();
  if (wanted.matches("input, select")) wanted.focus(); else wanted.click();
});

const choose = (palette, event) => {
  const links = [...palette.querySelectorAll("li a")], at = links.findIndex((link) => link.ariaSelected === "true");
  const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Enter" && links.length) { event.preventDefault(); links[Math.max(at, 0)].click(); }
  if (!move || !links.length) return;
  event.preventDefault();
  links[at]?.removeAttribute("aria-selected");
  const next = links[(at + move + links.length) % links.length];
  next.ariaSelected = "true";
  next.scrollIntoView({ block: "nearest" });
};

// `?` lists the keys of this very page, read from the page itself.
const keys = () => {
  const found = [["Ctrl K", "Search and go"], ["?", "This list"], ["↑ ↓", "Walk the rows"], ["Enter", "Open the row"]];
  const seen = new Set();
  document.querySelectorAll("main [data-key], .bill [data-key], .top [data-key]").forEach((element) => {
    if (seen.has(element.dataset.key)) return;
    seen.add(element.dataset.key);
    found.push([element.dataset.key, element.dataset.hint ?? element.ariaLabel ?? element.textContent.trim().split("\n")[0]]);
  });
  const sheet = $("#keys").content.cloneNode(true), list = $("dl", sheet);
  for (const [key, text] of found) {
    const dt = document.createElement("dt"), dd = document.createElement("dd"), kbd = document.createElement("kbd");
    kbd.textContent = key; dt.append(kbd); dd.textContent = text; list.append(dt, dd);
  }
  dialog.replaceChildren(sheet);
  dialog.showModal();
};

// Toasts leave after four seconds, warnings after eight; a failed request keeps the form and says so.
const toasts = $("#toasts");
if (toasts) new MutationObserver((changes) => changes.flatMap((change) => [...change.addedNodes]).forEach((node) =>
  setTimeout(() => node.remove(), node.classList?.contains("lasting") ? 8000 : 4000))).observe(toasts, { childList: true });
document.addEventListener("htmx:error", ({ detail }) => {
  if (!toasts || detail.error?.name === "AbortError") return;
  const note = document.createElement("div");
  note.className = "toast lasting";
  note.textContent = "The office cannot be reached. Nothing is lost: try again in a moment.";
  toasts.append(note);
});
