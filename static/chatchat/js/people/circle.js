/* Whom one knows: friends with their remarks, requests in both directions, and whom one blocks. */

import { all, api } from "../api.js";

/** Whether `part`, in small letters, is in what a friend is called, by themselves or by oneself. */
export function isCalled({ friend, remark }, part) {
  return [friend.nickname, remark].some((name) => name.toLocaleLowerCase().includes(part));
}

/** Tells `change`. */
export class Circle extends EventTarget {
  constructor(store) {
    super();
    this.store = store;
    this.friends = new Map();
    this.incoming = new Map(); // by who asks
    this.outgoing = new Map(); // by who is asked
    this.blocked = new Map();
    store.addEventListener("list", () => this.name());
  }

  /** Everything anew; asked again meanwhile, it is done once more afterwards. */
  refresh() {
    this.again = Boolean(this.running);
    this.running ||= this.fetch().finally(() => {
      this.running = null;
      if (this.again) return this.refresh();
    });
    return this.running;
  }

  async fetch() {
    const [incoming, outgoing, friends, blocked] = await Promise.all([
      all("friend-requests"),
      all("friend-requests?direction=outgoing"),
      all("friends"),
      all("blocks"),
    ]);
    this.friends = new Map(friends.map((one) => [one.friend.id, one]));
    this.incoming = new Map(incoming.map((one) => [one.sender.id, one]));
    this.outgoing = new Map(outgoing.map((one) => [one.recipient.id, one]));
    this.blocked = new Map(blocked.map((one) => [one.user.id, one]));
    this.name();
    this.dispatchEvent(new Event("change"));
  }

  /** What one calls a friend is what their conversation is called. */
  name() {
    let changed = false;
    for (const { conversation, remark } of this.friends.values()) {
      const entry = this.store.conversations.get(conversation);
      if (!entry || (entry.remark || "") === remark) continue;
      entry.remark = remark;
      changed = true;
    }
    if (changed) this.store.tell("people");
  }

  /** me, friend, incoming, outgoing or stranger; whether one blocks them is another matter. */
  relation(id) {
    if (id === this.store.me?.id) return "me";
    for (const [name, people] of [
      ["friend", this.friends],
      ["incoming", this.incoming],
      ["outgoing", this.outgoing],
    ]) {
      if (people.has(id)) return name;
    }
    return "stranger";
  }

  ordered() {
    const name = ({ friend, remark }) => remark || friend.nickname;
    return [...this.friends.values()].sort((one, other) => name(one).localeCompare(name(other)));
  }

  // ---- what one can do; each resolves when it is done and known here

  ask(id, greeting) {
    return this.do("POST", "friend-requests", { user: id, greeting: greeting.trim() });
  }

  accept(request) {
    return this.do("POST", `friend-requests/${request.id}/accept`);
  }

  reject(request) {
    return this.do("POST", `friend-requests/${request.id}/reject`);
  }

  withdraw(request) {
    return this.do("DELETE", `friend-requests/${request.id}`);
  }

  rename(id, remark) {
    return this.do("PATCH", `friends/${id}`, { remark: remark.trim() });
  }

  remove(id) {
    return this.do("DELETE", `friends/${id}`);
  }

  block(id) {
    return this.do("PUT", `blocks/${id}`);
  }

  unblock(id) {
    return this.do("DELETE", `blocks/${id}`);
  }

  async do(method, path, body) {
    try {
      return await api(method, path, body);
    } finally {
      // Also after a refusal: it often means that things are not any more as they are shown.
      await this.refresh().catch(() => {});
    }
  }
}
