/* Which friends are there now: the other people of the direct conversations are watched, 500 at most. */

const WATCHED = 500;

export class Presence {
  constructor(store, connection) {
    this.store = store;
    this.connection = connection;
    store.online = new Set();
    store.addEventListener("list", () => this.watch());
  }

  /** Without a connection nobody is known to be there. */
  lost() {
    this.clear();
    this.store.tell("presence");
  }

  /** A new connection watches nobody yet, and what was known may not be so any more. */
  clear() {
    this.watched = "";
    this.store.online.clear();
  }

  watch() {
    if (!this.store.me) return;
    const peers = this.store.ordered().filter(({ state }) => state.peer && state.may_send).map(({ state }) => state.peer.id);
    const users = peers.slice(0, WATCHED).sort((one, other) => one - other);
    if (String(users) === this.watched) return;
    if (this.connection.post({ type: "presence.watch", users })) this.watched = String(users);
  }

  take({ users }) {
    for (const { user, online } of users) {
      if (online) this.store.online.add(user);
      else this.store.online.delete(user);
    }
    this.store.tell("presence");
  }
}
