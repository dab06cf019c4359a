/* What can be done with a message: its toolbar, its menu, and what a click on one of its parts does. */

import { api } from "../api.js";
import { el, icon } from "../dom.js";
import { isPicture } from "../format.js";
import { Lightbox } from "./lightbox.js";
import { Menu } from "./menu.js";
import { plainName } from "../text.js";

const EMOJI = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];
const EDIT_WITHIN = 24 * 3600 * 1000; // milliseconds
const RECALL_WITHIN = 2 * 60 * 1000;

export class Deeds {
  /** `stream` has `entry`, `rows`, `show(seq)`. */
  constructor(stream, store, actions) {
    this.stream = stream;
    this.store = store;
    this.actions = actions;
    this.menu = new Menu();
    this.tools = this.toolbar();
  }

  // ---- the toolbar, of which there is one: it goes where the pointer or the focus is

  toolbar() {
    const tool = (name, label, action) =>
      el(
        "button",
        {
          type: "button",
          title: label,
          "aria-label": label,
          "aria-haspopup": name === "reply" ? null : "menu",
          onclick: (event) => {
            const article = this.tools.closest("article");
            action(article, this.stream.rows.messageOf(article), event.currentTarget);
          },
        },
        icon(name),
      );
    return el(
      "div",
      { class: "tools" },
      tool("reply", gettext("Reply"), (article, message) => this.actions.reply(message)),
      tool("smile", gettext("React"), (article, message, button) => this.openReactions(article, message, button)),
      tool("more", gettext("More"), (article, message, button) => this.openMenu(article, button)),
    );
  }

  /** Put the toolbar at this message; null takes it away. */
  handTo(article) {
    const message = article && this.stream.rows.messageOf(article);
    const line = message && !message.pending && !message.recalled_at ? article.querySelector(".line") : null;
    if (this.tools.parentElement === line) return;
    const old = this.tools.contains(document.activeElement) && this.tools.closest("article");
    if (line) line.append(this.tools);
    else this.tools.remove();
    if (old) old.focus({ preventScroll: true });
    this.tools.querySelector("button").hidden = !this.maySend;
    this.tools.querySelectorAll("button")[1].hidden = !this.maySend;
  }

  get maySend() {
    return Boolean(this.stream.entry?.state.may_send);
  }

  // ---- menus

  openMenu(article, at) {
    const message = this.stream.rows.messageOf(article);
    if (!message || message.pending || message.recalled_at || message.kind === "system") return false;
    this.menu.open(at, {
      label: gettext("Message"),
      owner: article,
      emoji: this.maySend ? this.emoji(article, message) : [],
      items: this.items(message),
    });
    if (this.menu.isOpen && this.isReadBy(message)) this.lookUpReaders(message);
    return true;
  }

  openReactions(article, message, at) {
    this.menu.open(at, { label: gettext("React"), owner: article, emoji: this.emoji(article, message), items: [] });
  }

  emoji(article, message) {
    const some = EMOJI.map((emoji) => ({
      label: interpolate(gettext("React with %s"), [emoji]),
      text: emoji,
      action: () => this.actions.react(message, emoji),
    }));
    if (!this.actions.pickEmoji) return some;
    const pick = () =>
      this.actions.pickEmoji(article.querySelector(".line") || article, (emoji) => this.actions.react(message, emoji));
    return [...some, { label: gettext("More emoji"), text: icon("plus"), action: pick }];
  }

  items(message) {
    const { reply, edit, recall } = this.actions;
    const may = this.may(message);
    return [
      may.reply && { label: gettext("Reply"), icon: "reply", note: "R", action: () => reply(message) },
      message.body && { label: gettext("Copy text"), icon: "copy", action: () => copy(message.body) },
      may.edit && { label: gettext("Edit"), icon: "edit", note: "E", action: () => edit(message) },
      may.recall && { label: gettext("Recall"), icon: "recall", danger: true, action: () => recall(message) },
    ];
  }

  may(message) {
    const { state } = this.stream.entry;
    const mine = message.sender?.id === this.store.me.id;
    const age = Date.now() - Date.parse(message.sent_at);
    const there = !message.pending && !message.recalled_at && message.kind !== "system";
    return {
      reply: there && state.may_send,
      edit: there && mine && state.may_send && age < EDIT_WITHIN,
      recall: there && (state.may_moderate || (mine && age < RECALL_WITHIN)),
    };
  }

  // ---- who has read it, in groups

  isReadBy(message) {
    return this.stream.entry.state.kind === "group" && message.sender?.id === this.store.me.id;
  }

  async lookUpReaders(message) {
    const { entry } = this.stream;
    const { element } = this.menu;
    const item = this.menu.item({ label: gettext("Read by …"), icon: "checks", stays: true });
    item.disabled = true;
    element.append(item);
    this.menu.put();
    const state = await api("GET", `conversations/${entry.id}`).catch(() => null);
    if (!item.isConnected) return;
    const receipts = state?.receipts || [];
    // In a large group it is not told.
    if (!receipts.length) return item.remove();
    const readers = receipts.filter((receipt) => receipt.read_seq >= message.seq).map(({ user }) => user);
    item.querySelector("span").textContent = interpolate(
      gettext("Read by %(readers)s of %(people)s"),
      { readers: readers.length, people: receipts.length },
      true,
    );
    item.disabled = !readers.length;
    item.onclick = () => this.menu.replace(this.readers(readers));
  }

  readers(ids) {
    return ids.map((id) => ({
      label: plainName(this.store.nickname(id)),
      icon: "person",
      action: () => this.actions.person?.(id),
    }));
  }

  // ---- clicks

  click(event) {
    const part = event.target.closest("[data-person], [data-quote], [data-emoji], [data-picture], [data-do]");
    const article = event.target.closest("article");
    if (!part || !article) return;
    const message = this.stream.rows.messageOf(article);
    const { person, quote, emoji, picture, do: what } = part.dataset;
    if (person) this.actions.person?.(Number(person));
    else if (quote) this.stream.show(Number(quote));
    else if (emoji) this.actions.react(message, emoji);
    else if (picture) this.showPicture(message, Number(picture), part);
    else this.deed(what, message, part.dataset.upload);
  }

  deed(what, message, key) {
    const { pending } = message;
    const upload = pending?.attachments?.find((one) => one.key === key);
    if (what === "retry") this.actions.retry(pending);
    else if (what === "discard") this.actions.discard(pending);
    else if (what === "again") this.actions.again?.(this.stream.entry.taken.get(message.seq).body);
    else if (what === "retry-upload") this.actions.retryUpload?.(pending, upload);
    else if (what === "cancel-upload") this.actions.cancelUpload?.(pending, upload);
  }

  /** All the pictures of the window, beginning with this one. */
  showPicture(message, index, owner) {
    const chosen = message.data.attachments[index];
    const pictures = this.stream.messages().flatMap((one) => (one.data?.attachments || []).filter(isPicture));
    this.lightbox ||= new Lightbox();
    this.lightbox.open(pictures, pictures.indexOf(chosen), owner);
  }

  /** Who reacted; looked up only when somebody wants to know. */
  nameReaction(chip) {
    const message = this.stream.rows.messageOf(chip.closest("article"));
    const reaction = message?.reactions.find(({ emoji }) => emoji === chip.dataset.emoji);
    if (!reaction) return;
    const names = reaction.users.map((id) => plainName(this.store.nickname(id)));
    const others = reaction.count - names.length;
    if (others > 0) names.push(interpolate(ngettext("%s more", "%s more", others), [others]));
    chip.title = names.join(", ");
  }
}

/** Into the clipboard, also where the browser offers that only to secure pages. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = el("textarea", { class: "visually-hidden", value: text });
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}
