/*
 * A conversation's history as far as it is on this page: a window of messages without holes.
 *
 * `entry.window` is `{from, to, live}`, both seqs within; `live` says that it reaches the conversation's
 * end, so that new messages go into it. Outside of the window nothing is kept: it is read again when
 * somebody goes there. `entry.anchor` is the seq that the reader looks at (null: the end); what is far
 * from it is dropped first.
 */

import { api } from "../api.js";

export const MOST = 300; // messages kept of a conversation
const FIRST = 50;
const MORE = 80;
const LONGEST = 100; // the server's longest page
const QUOTES = 300;

/** The fields of a store's entry that this module uses. */
export function blank() {
  return {
    window: null,
    messages: new Map(),
    anchor: null,
    aside: null,
    loads: new Map(),
    quoted: new Map(),
    taken: new Map(),
  };
}

export function forget(entry) {
  Object.assign(entry, { window: null, anchor: null });
  entry.messages.clear();
  entry.quoted.clear();
}

/** Whether there is more history above the window. */
export function hasOlder(entry) {
  return Boolean(entry.window) && entry.window.from > Math.max(1, entry.state.first_seq);
}

/** Whether there is more below it. */
export function hasNewer(entry) {
  return Boolean(entry.window) && !entry.window.live;
}

/** In the order of their seqs. */
export function shown(entry) {
  if (!entry.window) return [];
  return [...entry.messages.values()].sort((one, other) => one.seq - other.seq);
}

/** A new or changed message: the higher version wins, and what is outside of the window is not kept. */
export function admit(entry, message) {
  const { window, aside, quoted } = entry;
  if (aside && !(aside.get(message.seq)?.version > message.version)) aside.set(message.seq, message);
  if (quoted.has(message.seq) && !(quoted.get(message.seq)?.version > message.version)) {
    quoted.set(message.seq, message);
  }
  if (!window || message.seq < window.from) return;
  if (message.seq > window.to && !window.live) return;
  put(entry, message);
  window.to = Math.max(window.to, message.seq);
  trim(entry);
}

function put(entry, message) {
  const known = entry.messages.get(message.seq);
  if (known && known.version >= message.version) return;
  // What one took back oneself can be written anew, for as long as this page remembers it.
  if (message.recalled_at && known?.body) {
    entry.taken.set(message.seq, { body: known.body, at: Date.now() });
  }
  entry.messages.set(message.seq, message);
}

function drop(entry, keeps) {
  for (const seq of entry.messages.keys()) if (!keeps(seq)) entry.messages.delete(seq);
}

/** No more than MOST around what the reader looks at. */
function trim(entry) {
  const { window, messages, anchor } = entry;
  if (messages.size <= MOST) return;
  const latest = window.to - MOST + 1;
  const from = Math.max(window.from, Math.min(latest, (anchor ?? Infinity) - MOST / 2));
  const to = Math.min(window.to, from + MOST - 1);
  if (to < window.to) window.live = false;
  Object.assign(window, { from, to });
  drop(entry, (seq) => seq >= from && seq <= to);
}

/** The window ends where it is without holes: more was missed than what came. */
export function seal(entry) {
  const { window, messages } = entry;
  if (!window) return;
  let to = window.from - 1;
  while (messages.has(to + 1)) to += 1;
  if (to < window.from) {
    forget(entry);
    return;
  }
  Object.assign(window, { to, live: false });
  drop(entry, (seq) => seq <= to);
}

// ---- reading

/** One load of a kind at a time; what changes meanwhile is put aside, for it may overtake the answer. */
function loading(entry, kind, work) {
  if (entry.loads.has(kind)) return entry.loads.get(kind);
  entry.aside ||= new Map();
  const load = work().finally(() => {
    entry.loads.delete(kind);
    if (!entry.loads.size) entry.aside = null;
  });
  entry.loads.set(kind, load);
  return load;
}

function read(entry, query) {
  return api("GET", `conversations/${entry.id}/messages?${query}`);
}

function merge(entry, messages) {
  for (const message of messages) {
    put(entry, message);
    const newer = entry.aside?.get(message.seq);
    if (newer) put(entry, newer);
  }
}

/** The window has come to the end: what arrived while it was read belongs into it. */
function reachEnd(entry) {
  entry.window.live = true;
  for (const [seq, message] of entry.aside || []) {
    if (seq <= entry.window.to) continue;
    put(entry, message);
  }
  entry.window.to = Math.max(entry.window.to, ...entry.messages.keys());
}

function replace(entry, messages, live) {
  const from = messages[0]?.seq ?? entry.state.first_seq;
  entry.messages.clear();
  entry.window = { from, to: messages.at(-1)?.seq ?? from - 1, live: false };
  entry.anchor = null;
  merge(entry, messages);
  if (live) reachEnd(entry);
}

/** The newest messages, instead of what is there. */
export function loadNewest(entry, count = FIRST) {
  return loading(entry, "newest", async () => {
    const page = await read(entry, `limit=${Math.min(LONGEST, count)}`);
    replace(entry, page.results, true);
  });
}

/** What is around `seq`, instead of what is there. */
export function loadAround(entry, seq) {
  return loading(entry, `around ${seq}`, async () => {
    const [before, after] = await Promise.all([
      read(entry, `before=${seq}&limit=${MORE / 2}`),
      read(entry, `after=${seq - 1}&limit=${FIRST}`),
    ]);
    replace(entry, [...before.results, ...after.results], !after.has_more);
    entry.anchor = seq;
  });
}

export function loadOlder(entry) {
  return loading(entry, "older", async () => {
    const { window } = entry;
    const { from } = window;
    const { results } = await read(entry, `before=${from}&limit=${MORE}`);
    if (entry.window !== window || window.from !== from) return;
    // Nothing more for this reader, whatever the state said.
    if (!results.length) entry.state.first_seq = from;
    merge(entry, results);
    window.from = results[0]?.seq ?? from;
    trim(entry);
  });
}

export function loadNewer(entry) {
  return loading(entry, "newer", async () => {
    const { window } = entry;
    const { to } = window;
    const { results, has_more: more } = await read(entry, `after=${to}&limit=${MORE}`);
    if (entry.window !== window || window.to !== to) return;
    merge(entry, results);
    window.to = results.at(-1)?.seq ?? to;
    if (!more) reachEnd(entry);
    trim(entry);
  });
}

/** The whole window once more, as it is now; what lies beyond it is left to be loaded. */
export async function readAgain(entry) {
  // What was asked for before may have been answered from before.
  await Promise.allSettled(entry.loads.values());
  seal(entry);
  await loading(entry, "again", async () => {
    entry.quoted.clear();
    const { window } = entry;
    for (let at = window ? window.from - 1 : Infinity; at < window?.to && entry.window === window; ) {
      const { results } = await read(entry, `after=${at}&limit=${LONGEST}`);
      if (!results.length) return;
      merge(entry, results.filter(({ seq }) => seq >= window.from && seq <= window.to));
      at = results.at(-1).seq;
    }
  });
}

// ---- what replies quote

/** The message that a reply quotes; undefined while it is not known, null if it is not to be had. */
export function quoted(entry, seq) {
  return entry.messages.get(seq) ?? entry.quoted.get(seq);
}

/** Fetch these messages, those that are near each other together. */
export async function loadQuoted(entry, seqs) {
  const wanted = seqs.filter((seq) => quoted(entry, seq) === undefined).sort((one, other) => one - other);
  const spans = [];
  for (const seq of wanted) {
    entry.quoted.set(seq, null);
    const span = spans.at(-1);
    if (span && seq - span[0] < LONGEST) span.push(seq);
    else spans.push([seq]);
  }
  for (const span of spans) await loadSpan(entry, span);
  for (const seq of entry.quoted.keys()) {
    if (entry.quoted.size <= QUOTES) break;
    entry.quoted.delete(seq);
  }
  return wanted.length > 0;
}

async function loadSpan(entry, span) {
  await loading(entry, `quoted ${span[0]}`, async () => {
    try {
      const count = span.at(-1) - span[0] + 1;
      const { results } = await read(entry, `after=${span[0] - 1}&limit=${count}`);
      for (const message of results) {
        const newer = entry.aside?.get(message.seq);
        if (span.includes(message.seq)) {
          entry.quoted.set(message.seq, newer?.version > message.version ? newer : message);
        }
      }
    } catch {
      for (const seq of span) entry.quoted.delete(seq); // another time
    }
  });
}
