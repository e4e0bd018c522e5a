// The desk without its line: the site's price book, kept in this browser, prices the bill; charges wait in a queue,
// marked provisional, and are sent, each under its own id, when the line is back.
const STORE = "desk", QUEUE = "desk-queue", MILLION = 1_000_000, WHOLE = 100_000_000, AGAIN = 5_000, FRESH = 600_000;
const $ = (selector, root = document) => root.querySelector(selector);
const read = (name) => JSON.parse(localStorage[name] ?? "[]");
const make = (tag, props = {}, ...children) => { const node = Object.assign(document.createElement(tag), props); node.append(...children); return node; };
export const book = { site: "", rows: new Map(), names: new Map() };
let since = null, wasDown = () => {}, isUp = () => {}, recalled = Promise.resolve();
export const isDown = () => since !== null;

// The book: read in chunks while the line stands, kept as one answer, found again when it is gone.
const take = (rows) => {
  book.rows = new Map(rows.map((row) => [row.product_id, row]));
  book.names = new Map(rows.flatMap((row) => [row.code, ...row.names].map((name) => [name, row])));
};
// What is kept is read to its end before it takes the place of what was kept: a line that goes meanwhile loses nothing.
const save = async (store, file) => {
  const answer = await fetch(file), body = await answer.blob();
  if (answer.ok) await store.put(file, new Response(body, { headers: answer.headers }));
};
const path = (site) => `/charge/book?site=${encodeURIComponent(site)}`;
// A desk that was opened again sells at once from the book it has, and takes the new one when that has come.
const recall = async (site) => {
  book.site = site;
  const kept = await (await caches.open(STORE)).match(path(site));
  if (kept) take(await kept.json());
};
const keepBook = async (site) => {
  const store = await caches.open(STORE), at = path(site);
  try {
    const rows = [];
    for (let after = ""; after !== null;) {
      const chunk = await (await fetch(after ? `${at}&after=${encodeURIComponent(after)}` : at)).json();
      rows.push(...chunk.rows);
      after = chunk.next;
    }
    take(rows);
    await store.put(at, new Response(JSON.stringify(rows), { headers: { "Content-Type": "application/json" } }));
    const files = performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => new URL(name).pathname.startsWith("/assets/"));
    for (const file of [...files, `/charge/offline?site=${encodeURIComponent(site)}`]) await save(store, file);
  } catch { /* What is kept stays. */ }
};

// Money: whole minor units, halves up, as sales reckons; a price is in millionths, a rate in millionths of a percent.
const half = (value, by) => Math.floor((2 * value + by) / (2 * by));
export const priced = (row, quantity, digits) => {
  const amount = half(row.price_micros * quantity, MILLION / 10 ** digits), [first, second] = row.rates;
  if (!row.is_inclusive) {
    const one = half(amount * first, WHOLE);
    return { net: amount, tax: one + half((row.is_compound ? amount + one : amount) * second, WHOLE) };
  }
  const whole = row.is_compound ? (WHOLE + first) * (WHOLE + second) / WHOLE : WHOLE + first + second;
  const net = half(amount * WHOLE, whole);
  return { net, tax: amount - net };
};

// The bill, changed here as the office would change it.
const lines = () => [...document.querySelectorAll("#bill [name=line_of]")].map(({ value }) => JSON.parse(value));
const found = (code) => book.rows.get(code) ?? book.names.get(code)
  ?? (() => { const word = code.toLowerCase(), hits = [...book.rows.values()].filter((row) => row.name.toLowerCase().includes(word)); return hits.length === 1 ? hits[0] : null; })();
export const change = async ({ code = "", quantity = "1", step = "", line = "", kept = "[]" }) => {
  await recalled;
  let bill = lines(), at = line;
  // What the browser had kept of a bill comes back whole: its lines, its customer, its own id.
  for (const [name, value] of JSON.parse(kept)) if (name === "line_of") bill.push(JSON.parse(value)); else if ($("#desk").elements[name]) $("#desk").elements[name].value = value;
  const move = { more: 1, less: -1 }[step];
  if (move) bill = bill.map((one) => (one.k === line ? { ...one, q: String(Number(one.q) + move) } : one)).filter((one) => Number(one.q) > 0);
  if (step === "drop") bill = bill.filter((one) => one.k !== line);
  if (code) {
    const row = found(code), same = row && bill.find((one) => one.p === row.product_id && !one.said && !one.on);
    if (!row) { say(`${code} cannot be sold without the line.`); return document.dispatchEvent(new CustomEvent("scan-missing")); }
    at = same?.k ?? String(Math.max(0, ...bill.map((one) => Number(one.k))) + 1);
    if (same) same.q = String(Number(same.q) + Number(quantity)); else bill.push({ k: at, p: row.product_id, q: quantity });
    document.dispatchEvent(new CustomEvent("scan-found"));
  }
  draw(bill, at);
};
const money = (minor) => new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: $("#desk").dataset.currency }).format(minor / 10 ** digits());
const digits = () => Number($("#desk").dataset.digits);
const sums = (bill) => bill.reduce((all, one) => {
  const row = book.rows.get(one.p), { net, tax } = row ? priced(row, Number(one.q), digits()) : { net: 0, tax: 0 };
  return { net: all.net + net, tax: all.tax + tax };
}, { net: 0, tax: 0 });
const draw = (bill, at) => {
  const list = $("#bill .lines"), held = bill.some((one) => one.k === at) ? at : bill.at(-1)?.k;
  list.replaceChildren(...bill.map((one) => {
    const row = book.rows.get(one.p), { net, tax } = row ? priced(row, Number(one.q), digits()) : { net: 0, tax: 0 };
    const node = make("li", {}, make("input", { type: "hidden", name: "line_of", value: JSON.stringify(one) }), make("span", { textContent: row?.name ?? "Waits for the line" }), make("span", { className: "number qtykey", textContent: one.q }), make("span", { className: "number", textContent: money(row?.is_inclusive ? net + tax : net) }));
    node.dataset.line = one.k;
    if (one.k === held) node.setAttribute("aria-current", "true");
    return node;
  }), ...(bill.length ? [] : [make("li", { className: "empty" }, make("strong", { textContent: "The bill is empty" }))]));
  const { net, tax } = sums(bill), figures = $("#bill .sums");
  figures.replaceChildren(...[["Net", net], ["Tax", tax]].flatMap(([word, minor]) => [make("dt", { textContent: word }), make("dd", { textContent: money(minor) })]), make("dt", { className: "grand", textContent: "Provisional total" }), make("dd", { className: "grand" }, make("output", { textContent: money(net + tax) })));
  $("#pay").disabled = !bill.length;
  document.dispatchEvent(new CustomEvent("bill-drawn"));
};

// Payment: card or cash. The charge keeps the id that its bill has: had it been recorded just before the line went,
// it is not recorded twice.
const fresh = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16)), now = Date.now();
  for (let i = 0; i < 6; i += 1) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) % 256;
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
};
const plain = (micros) => (micros / MILLION).toFixed(6);
export const pay = () => {
  const bill = lines();
  if (!bill.length) return;
  if (bill.some((one) => !book.rows.has(one.p))) return say("One of the lines waits for the line to come back: take it off, or park nothing and wait.");
  const { net, tax } = sums(bill), dialog = $("#dialog");
  dialog.replaceChildren($("#provisional-pay").content.cloneNode(true));
  $("[data-total]", dialog).textContent = money(net + tax);
  $("form", dialog).addEventListener("submit", (event) => {
    event.preventDefault();
    record(bill, net + tax, new FormData(event.target).get("tender"));
  });
  dialog.showModal();
  $("[autofocus]", dialog).focus();
};
const record = (bill, total, kind) => {
  const form = $("#desk").elements;
  const one = {
    charge_id: form.charge_id.value || fresh(), site: book.site, happened_at: new Date().toISOString(), member_id: form.member_id.value || null,
    lines: bill.map((line) => ({ product_id: line.p, quantity: line.q, unit_price: plain(book.rows.get(line.p).price_micros) })),
    tenders: total ? [{ kind, amount_minor: total, reference: "" }] : [], total_minor: total,
  };
  localStorage[QUEUE] = JSON.stringify([...read(QUEUE), one]);
  const dialog = $("#dialog"), sheet = $("#provisional-receipt").content.cloneNode(true);
  $("[data-when]", sheet).textContent = new Date().toLocaleString();
  $("ul", sheet).append(...bill.map((line) => make("li", {}, make("span", { textContent: book.rows.get(line.p).name }), make("span", { className: "number muted", textContent: line.q }))));
  $("[data-total]", sheet).textContent = money(total);
  dialog.replaceChildren(sheet);
  if (!dialog.open) dialog.showModal();
  $("[autofocus]", dialog)?.focus();
  form.charge_id.value = fresh();
  draw([], "");
  document.dispatchEvent(new CustomEvent("charge-recorded"));
  show();
};

// The line: once it fails the desk goes on here; it is asked for every few seconds, and what waited is sent in order.
const say = (text) => { const note = make("div", { className: "toast lasting", textContent: text }); $("#toasts").append(note); };
const show = () => {
  const banner = $("#line-down"), many = read(QUEUE).length;
  banner.hidden = !isDown() && !many;
  $("[data-since]", banner).textContent = isDown() ? `The line is down since ${since.toLocaleTimeString()}. ` : "";
  $("[data-many]", banner).textContent = many ? `${many} provisional ${many === 1 ? "charge waits" : "charges wait"} on this till and will be sent by themselves.` : "Go on charging: what you sell is kept on this till.";
};
export const reaches = async () => { try { return (await fetch("/charge/ping", { cache: "no-store", signal: AbortSignal.timeout(4_000) })).ok; } catch { return false; } };
export const down = () => {
  if (isDown()) return;
  since = new Date();
  show();
  wasDown();
  setTimeout(again, AGAIN);
};
const again = async () => {
  if (!await reaches()) return setTimeout(again, AGAIN);
  since = null;
  await send();
  show();
  isUp();
};
export const send = () => navigator.locks.request(QUEUE, async () => {
  let recorded = 0;
  for (const one of read(QUEUE)) {
    let answer;
    try { answer = await fetch("/charge/provisional", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(one) }); } catch { return down(); }
    if (!answer.ok) return answer.status >= 500 ? down() : say("A provisional charge could not be sent: sign in again, it waits on this till.");
    const { outcome, detail } = await answer.json();
    if (outcome === "recorded") recorded += 1; else { say(`A provisional charge could not be recorded and waits under Parked: ${detail}`); document.dispatchEvent(new CustomEvent("parked-changed")); }
    if (detail && outcome === "recorded") say(detail);
    localStorage[QUEUE] = JSON.stringify(read(QUEUE).filter((kept) => kept.charge_id !== one.charge_id));
  }
  if (recorded) say(`${recorded} provisional ${recorded === 1 ? "charge was" : "charges were"} recorded.`);
});
export const watch = async (site, { onDown, onUp }) => {
  [wasDown, isUp] = [onDown, onUp];
  show();
  if (navigator.serviceWorker) navigator.serviceWorker.register("/charge-worker.js", { scope: "/charge" }).catch(() => undefined);
  await (recalled = recall(site));
  await keepBook(site);
  if ($("#desk").dataset.shell !== undefined || !await reaches()) down(); else { await send(); show(); }
  setInterval(() => { if (!isDown()) keepBook(site); }, FRESH);
};
