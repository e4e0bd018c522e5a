// The only home of scanners: a burst of keys (under 40 ms apart, six or more, then Enter) becomes one `scan` event,
// is kept from every field and button, and gives a field back the text it had.
const GAP = 40, LEAST = 6;
let burst = "", last = 0, field = null, before = null;

const snapshot = (element) => element?.matches?.("input, textarea, select")
  ? { value: element.value, at: element.selectionStart } : null;

const restore = () => {
  if (!field?.isConnected || !before) return;
  field.value = before.value;
  try { field.setSelectionRange(before.at, before.at); } catch { /* number and date fields have no cursor to set */ }
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

addEventListener("keydown", (event) => {
  if (event.repeat) return;
  const now = event.timeStamp, follows = burst && now - last <= GAP;
  const sign = event.ctrlKey && event.key === "]" ? "\x1d" : event.ctrlKey || event.altKey || event.metaKey ? "" : event.key;
  if (["Shift", "Control", "Alt"].includes(event.key)) return;
  if (sign === "Enter" || sign === "Tab") {
    if (follows && burst.length >= LEAST) {
      event.preventDefault();
      event.stopImmediatePropagation();
      restore();
      document.dispatchEvent(new CustomEvent("scan", { detail: burst, bubbles: true, cancelable: true }));
    }
    burst = "";
    return;
  }
  if (sign.length !== 1) return;
  if (!follows) { burst = ""; field = document.activeElement; before = snapshot(field); }
  burst += sign;
  last = now;
  if (burst.length > 1 && (sign === " " || sign === "\x1d") && !before) event.preventDefault();
}, true);

// Two tones tell a person who looks elsewhere: found (high), not found (low, twice).
let audio;
const tone = (pitch, start, length) => {
  const sound = audio.createOscillator(), level = audio.createGain();
  sound.frequency.value = pitch;
  level.gain.value = .08;
  sound.connect(level).connect(audio.destination);
  sound.start(audio.currentTime + start);
  sound.stop(audio.currentTime + start + length);
};
export const beep = (found) => {
  audio ??= new AudioContext();
  if (found) tone(880, 0, .07); else { tone(220, 0, .12); tone(196, .16, .18); }
};
document.addEventListener("scan-found", () => beep(true));
document.addEventListener("scan-missing", () => beep(false));
