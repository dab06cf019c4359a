/* The dialog that finds messages by what they say: in the open conversation, or in all of them. */

import { api } from "../api.js";
import { picture, title } from "../chat/list.js";
import { el } from "../dom.js";
import { short } from "../format.js";
import { closeAll, Modal } from "./dialog.js";
import { bdi, face, list, refill, Tabs } from "./lists.js";
import { oneLine } from "../text.js";

const LONGEST = 100;
const PAGE = 20;
const REQUESTS = 5; // one after the other, while they find nothing: each looks for a moment
const BEFORE = 30; // characters of a message before what was found in it
const SHOWN = 160;
const REST_OF_WORD = /^\S{0,12}\s+/;

export class SearchDialog {
  /** `open(conversation, seq)` goes to a message. */
  constructor(store, { open }) {
    this.store = store;
    this.go = open;
    this.entry = null;
    this.modal = new Modal("search-messages", gettext("Search messages"), "tabbed");
    this.input = el("input", {
      type: "search",
      name: "q",
      required: true,
      maxlength: LONGEST,
      autocomplete: "off",
      dir: "auto",
      "aria-label": gettext("Words of a message"),
      placeholder: gettext("Words of a message"),
    });
    const form = this.modal.form(
      { class: "search" },
      () => this.find(),
      this.input,
      el("button", { type: "submit", class: "small" }, gettext("Search")),
    );
    this.tabs = new Tabs(gettext("Search messages"), () => this.turned());
    this.tabs.panel.setAttribute("aria-live", "polite");
    this.modal.body.append(form, this.tabs.root, this.tabs.panel);
  }

  /** `entry`: the conversation that one is in, which is looked through first; `text`: what to look for. */
  show(entry = null, text = this.entry === entry ? this.input.value : "") {
    if (this.entry !== entry || text !== this.input.value) this.forget();
    this.entry = entry;
    this.input.value = text;
    this.tabs.current = null;
    this.tabs.root.hidden = !entry;
    this.tabs.set([
      ...(entry ? [{ key: "here", label: gettext("In this conversation") }] : []),
      { key: "everywhere", label: gettext("Everywhere") },
    ]);
    this.modal.open();
    this.input.focus();
    this.input.select();
    if (text && !this.text) this.modal.guard(() => this.find());
  }

  forget() {
    Object.assign(this, { text: "", rows: [], next: null });
    refill(this.tabs.panel);
  }

  turned() {
    if (this.text) this.modal.guard(() => this.find(this.text));
  }

  // ---- looking

  async find(text = this.input.value.trim()) {
    if (!text) return;
    this.forget();
    this.text = text;
    await this.more();
  }

  /** The next page, however many requests it takes to find something to show. */
  async more() {
    const { text } = this;
    const scope = this.tabs.current;
    const stale = () => text !== this.text || scope !== this.tabs.current;
    const place = scope === "here" ? `&conversation=${this.entry.id}` : "";
    const before = this.rows.length;
    for (let request = 0; request < REQUESTS; request += 1) {
      const cursor = this.next ? `&cursor=${this.next}` : "";
      const page = await api("GET", `messages/search?q=${encodeURIComponent(text)}${place}&limit=${PAGE}${cursor}`);
      if (stale()) return;
      this.rows.push(...page.results);
      this.next = page.next;
      if (!this.next || this.rows.length > before) break;
    }
    this.render();
  }

  // ---- showing

  render() {
    const further = this.rows.length ? gettext("Show more") : gettext("Search further back");
    refill(
      this.tabs.panel,
      list(
        "found-messages",
        this.rows.map((row) => this.row(row)),
        el("p", {}, this.next ? gettext("Nothing found so far.") : gettext("No message found.")),
      ),
      this.next && this.modal.button(further, () => this.more(), { kind: "quiet", key: "further" }),
    );
  }

  row({ conversation, message }) {
    const { sender } = message;
    const entry = this.store.conversations.get(conversation);
    const here = this.tabs.current === "here";
    const name = sender.id === this.store.me.id ? gettext("You") : sender.nickname;
    const said = el("span", { class: "soft", dir: "auto" }, marked(message.body, this.text));
    return el(
      "li",
      { class: "person" },
      el(
        "button",
        {
          type: "button",
          class: "opens",
          data: { key: `found:${conversation}:${message.seq}` },
          onclick: () => this.open(conversation, message.seq),
        },
        entry && !here ? picture(entry, this.store) : face(sender),
        el(
          "span",
          { class: "who" },
          el(
            "span",
            { class: "name-line" },
            bdi(here || !entry ? name : title(entry)),
            el("time", { class: "soft", datetime: message.sent_at }, short(message.sent_at)),
          ),
          !here && el("span", { class: "soft by" }, bdi(name)),
          said,
        ),
      ),
    );
  }

  open(conversation, seq) {
    closeAll();
    this.go(conversation, seq);
  }
}

/** The part of a message in which the words were found, with those words marked. */
function marked(body, text) {
  const words = text.match(/"[^"]*"|[^\s"]+/g)?.map((word) => word.replaceAll('"', "")).filter(Boolean) ?? [];
  const escaped = words.sort((one, other) => other.length - one.length).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(${escaped.join("|")})`, "giu");
  const at = Math.max(0, body.search(pattern) - BEFORE);
  const part = oneLine(cut(body, at));
  return part.split(pattern).map((piece, index) => (index % 2 ? el("mark", {}, piece) : piece));
}

/** From about there on, between characters. */
function cut(body, at) {
  const rest = [...body.slice(at)];
  if (at > 0 && /^[\uDC00-\uDFFF]/.test(rest[0])) rest.shift();
  const part = rest.slice(0, SHOWN).join("");
  return `${at > 0 ? `…${part.replace(REST_OF_WORD, "")}` : part}${rest.length > SHOWN ? "…" : ""}`;
}
