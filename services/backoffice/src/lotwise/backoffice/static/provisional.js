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
export const taxed = (row, amount) => {
  const [first, second] = row.rates;
  if (!row.is_inclusive) {
    const one = half(amount * first, WHOLE);
    return { net: amount, tax: one + half((row.is_compound ? amount + one : amount) * second, WHOLE) };
  }
  const whole = row.is_compound ? (WHOLE + first) * (WHOLE + second) / WHOLE : WHOLE + first + second;
  const net = half(amount * WHOLE, whole);
  return { net, tax: amount - net };
};

// Discounts by hand as sales takes them: of a line, then of the whole, by largest remainder, ties to the first.
const micros = (text) => Math.round(Number(text) * MILLION);
const sum = (rows) => rows.reduce((all, one) => all + one, 0);
const off = ({ percent, amount }, base) => Math.min(base, percent ? half(base * micros(percent), WHOLE) : half(micros(amount) * 10 ** digits(), MILLION));
export const spread = (total, weights) => {
  const base = sum(weights), shares = weights.map((one) => Math.floor(total * one / base));
  weights.map((one, i) => [total * one % base, i]).sort(([a, i], [b, j]) => b - a || i - j).slice(0, total - sum(shares)).forEach(([, i]) => { shares[i] += 1; });
  return shares;
};
const cart = () => JSON.parse($("#bill [name=cart]").value || "{}");
export const figures = (bill, { discounts = [] } = cart()) => {
  const rows = bill.map(({ p, q, said }) => {
    const row = book.rows.get(p), gross = row ? half(row.price_micros * Number(q), MILLION / 10 ** digits()) : 0;
    return { row, gross, left: (said?.discounts ?? []).reduce((left, one) => left - off(one, left), gross) };
  });
  for (const one of discounts) {
    const base = sum(rows.map(({ left }) => left));
    if (base) spread(off(one, base), rows.map(({ left }) => left)).forEach((share, i) => { rows[i].left -= share; });
  }
  return rows.map((one) => ({ ...one, less: one.gross - one.left, ...(one.row ? taxed(one.row, one.left) : { net: 0, tax: 0 }) }));
};
// Why that much may not be taken off by hand; nothing when it may.
const beyond = (rows) => {
  const { beyond: free, discount, discount_percent: share, discount_minor: most } = JSON.parse($("#desk").dataset.may), given = sum(rows.map(({ less }) => less));
  if (!given || free) return "";
  if (!discount) return "You may not give a discount by hand.";
  if (share && rows.some(({ gross, less }) => less && less * WHOLE >= gross * micros(share) + WHOLE)) return `At most ${Number(share)} % of a line may be taken off by hand.`;
  return most !== null && given > most ? `At most ${money(most)} of a bill may be taken off by hand.` : "";
};
// What this till charges by itself: nothing that only sales can price.
const byHand = (discounts = []) => discounts.every((one) => !one.discount_id);
const stands = ({ p, on, said = {} }) => book.rows.has(p) && !on && byHand(said.discounts) && Object.keys(said).every((name) => /discounts|lot_id|prescr|seller|perf|descr|serials/.test(name));

// The bill, changed here as the office would change it.
const lines = () => [...document.querySelectorAll("#bill [name=line_of]")].map(({ value }) => JSON.parse(value));
const found = (code) => book.rows.get(code) ?? book.names.get(code)
  ?? (() => { const word = code.toLowerCase(), hits = [...book.rows.values()].filter((row) => row.name.toLowerCase().includes(word)); return hits.length === 1 ? hits[0] : null; })();
export const change = async ({ code = "", quantity = "1", step = "", line = "", kept = "[]" }) => {
  await recalled;
  let bill = lines(), at = line;
  // A bill that the browser had kept comes back whole.
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
const draw = (bill, at) => {
  const list = $("#bill .lines"), rows = figures(bill), held = bill.some((one) => one.k === at) ? at : bill.at(-1)?.k;
  list.replaceChildren(...bill.map((one, i) => {
    const { row, net, tax, less } = rows[i];
    const node = make("li", {}, make("input", { type: "hidden", name: "line_of", value: JSON.stringify(one) }), make("span", { textContent: stands(one) ? row.name : `${row?.name ?? "Item"}: waits until the line is back` }, make("span", { className: "muted", textContent: less ? ` −${money(less)}` : "" })), make("span", { className: "number qtykey", textContent: one.q }), make("span", { className: "number", textContent: money(row?.is_inclusive ? net + tax : net) }));
    node.dataset.line = one.k;
    if (one.k === held) node.setAttribute("aria-current", "true");
    return node;
  }), ...(bill.length ? [] : [make("li", { className: "empty" }, make("strong", { textContent: "The bill is empty" }))]));
  const net = sum(rows.map((one) => one.net)), tax = sum(rows.map((one) => one.tax));
  $("#bill .sums").replaceChildren(...[["Net", net], ["Tax", tax]].flatMap(([word, minor]) => [make("dt", { textContent: word }), make("dd", { textContent: money(minor) })]), make("dt", { className: "grand", textContent: "Provisional total" }), make("dd", { className: "grand" }, make("output", { textContent: money(net + tax) })));
  document.querySelectorAll("#pay, #bill [data-sheet]").forEach((key) => { key.disabled = !bill.length; });
  document.dispatchEvent(new CustomEvent("bill-drawn"));
};

// Payment: card or cash. The charge keeps the id that its bill has: had it been recorded just before the line went,
// it is not recorded twice.
const fresh = () => { const now = Date.now().toString(16).padStart(12, "0"); return `${now.slice(0, 8)}-${now.slice(8)}-7${crypto.randomUUID().slice(15)}`; };
const plain = (micros) => (micros / MILLION).toFixed(6);
export const pay = () => {
  const bill = lines();
  if (!bill.length) return;
  const all = cart(), rows = figures(bill), total = sum(rows.map(({ net, tax }) => net + tax));
  if (!bill.every(stands) || all.coupons || !byHand(all.discounts)) return say("Something on the bill waits until the line is back: take it off, or wait.");
  if (beyond(rows)) return say(beyond(rows));
  $("[data-total]", open("#provisional-pay", ({ tender }) => record(bill, total, tender))).textContent = money(total);
};
const open = (name, then) => {
  const dialog = $("#dialog");
  dialog.replaceChildren($(name).content.cloneNode(true));
  $("form", dialog)?.addEventListener("submit", (event) => { event.preventDefault(); then(Object.fromEntries(new FormData(event.target))); });
  if (!dialog.open) dialog.showModal();
  $("[autofocus]", dialog).focus();
  return dialog;
};
// Alt L and Alt D without the line: a discount by hand, of the line in hand or the whole.
export const sheet = (path) => {
  const bill = lines(), own = path === "/charge/line" && bill.find(({ k }) => k === $("#bill [aria-current]")?.dataset.line);
  if (!bill.length) return;
  if (path === "/charge/park") return say("A bill is parked only while the line is up; what is on it stays here.");
  const dialog = open("#provisional-discount", ({ form, value, reason }) => {
    const one = { [form]: value, reason }, discounts = Number(value) ? [one] : [];
    const whole = own ? cart() : { ...cart(), discounts }, after = bill.map((line) => (line === own ? { ...line, said: { ...line.said, discounts } } : line));
    const wrong = discounts.length && (!reason.trim() ? "Say why: it stands on the charge." : form === "percent" && value > 100 || !off(one, Infinity) ? "That is no discount." : beyond(figures(after, whole)));
    if (wrong) return $("[role=alert]", dialog).replaceChildren(wrong);
    $("#bill [name=cart]").value = JSON.stringify(whole);
    dialog.close();
    draw(after, own?.k);
  });
  $("h2", dialog).textContent = own ? `Discount on ${book.rows.get(own.p)?.name ?? "the line"}` : "Discount on the bill";
};
const record = (bill, total, kind) => {
  const form = $("#desk").elements;
  const one = {
    charge_id: form.charge_id.value || fresh(), site: book.site, happened_at: new Date().toISOString(), member_id: form.member_id.value || null,
    lines: bill.map(({ p, q, said: { serials, ...said } = {} }) => ({ product_id: p, quantity: q, unit_price: plain(book.rows.get(p).price_micros), ...said })), discounts: cart().discounts ?? [],
    tenders: total ? [{ kind, amount_minor: total, reference: "" }] : [], total_minor: total,
  };
  localStorage[QUEUE] = JSON.stringify([...read(QUEUE), one]);
  const sheet = open("#provisional-receipt");
  $("[data-when]", sheet).textContent = new Date().toLocaleString();
  $("ul", sheet).append(...bill.map((line) => make("li", {}, make("span", { textContent: book.rows.get(line.p).name }), make("span", { className: "number muted", textContent: line.q }))));
  $("[data-total]", sheet).textContent = money(total);
  form.charge_id.value = fresh();
  form.member_id.value = "";
  form.cart.value = "{}";
  $("#bill h2").textContent = "Walk-in";
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
