/*
 * What this browser keeps for the person who is signed in: drafts, unsent messages, choices.
 *
 * Everything lies under `chatchat/<user>/`, and goes when that person signs out here (leave.js).
 * Where the browser keeps nothing, it lasts as long as the page.
 */

const ALL = "chatchat/";
const LEFT = `${ALL}left`; // written when somebody signs out, for the other tabs

const user = document.getElementById("chat")?.dataset.user || "";
const own = `${ALL}${user}/`;
const here = new Map(); // what could not be stored
let left = false;

/** This page among the tabs of the browser. */
export const TAB = Math.random().toString(36).slice(2);

const hold = () => new Promise(() => {});
if (user) navigator.locks?.request(ALL + TAB, hold).catch(() => {});

export function read(key) {
  try {
    return here.get(key) ?? JSON.parse(localStorage.getItem(own + key));
  } catch {
    return null;
  }
}

/** Keep `value` (JSON) under `key`; null forgets it. */
export function write(key, value) {
  if (left) return;
  here.delete(key);
  try {
    if (value === null) localStorage.removeItem(own + key);
    else localStorage.setItem(own + key, JSON.stringify(value));
  } catch {
    if (value !== null) here.set(key, value);
  }
}

/** The keys that begin with `prefix`. */
export function keys(prefix) {
  const found = [...here.keys()].filter((key) => key.startsWith(prefix));
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(own + prefix)) found.push(key.slice(own.length));
    }
  } catch {
    // Nothing is kept in this browser.
  }
  return found;
}

/** Call `changed(key)` when another tab wrote a key that begins with `prefix`. */
export function listen(prefix, changed) {
  addEventListener("storage", ({ key }) => {
    if (key?.startsWith(own + prefix)) changed(key.slice(own.length));
  });
}

/** The other tabs of this browser that are open, as a set of their TABs. */
export async function tabs() {
  const { held = [] } = (await navigator.locks?.query().catch(() => null)) || {};
  return new Set(held.map(({ name }) => name.slice(ALL.length)).filter((tab) => tab !== TAB));
}

/** Forget what was kept for anybody; nothing is kept by any open tab after that. */
export function forget() {
  left = true;
  here.clear();
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(ALL)) localStorage.removeItem(key);
    localStorage.setItem(LEFT, String(Date.now()));
    localStorage.removeItem(LEFT);
  } catch {
    // Nothing is kept in this browser.
  }
}

addEventListener("storage", ({ key, newValue }) => {
  if (key === LEFT && newValue) left = true;
});
