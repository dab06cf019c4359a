/* What opens over the chat: people, groups, and the search for messages. */

import { Circle } from "./circle.js";
import { PeopleDialog } from "./friends.js";
import { GroupPage } from "./group.js";
import { GroupsDialog } from "./groups.js";
import { Deeds, PersonCard } from "./person.js";
import { SearchDialog } from "./search.js";

export class Dialogs {
  /** `open(conversation)` goes to a conversation, `show(conversation, seq)` to a message, `send(conversation, body)` says something. */
  constructor(store, { open, show, send }) {
    this.store = store;
    this.circle = new Circle(store);
    const deeds = new Deeds(this.circle, store, open);
    this.people = new PeopleDialog(this.circle, store, deeds, (id) => this.showPerson(id));
    this.card = new PersonCard(this.circle, store, deeds);
    this.groups = new GroupsDialog(store, this.circle, { open, send, page: (id, tab) => this.showGroup(id, tab) });
    this.search = new SearchDialog(store, { open: show });
    this.group = new GroupPage(store, {
      open,
      send,
      circle: this.circle,
      person: (id) => this.showPerson(id),
      announced: (id, text) => this.announcements?.seen(id, text),
      changed: () => this.groups.refresh().catch(() => {}),
    });
  }

  showPeople(tab) {
    return this.people.show(tab);
  }

  showGroups() {
    return this.groups.show();
  }

  /** `tab`: about, members, requests, invitations or settings. */
  showGroup(id, tab) {
    return this.group.show(id, tab);
  }

  /** `entry`: the conversation that one is in; `text`: what to look for. */
  showSearch(entry, text) {
    return this.search.show(entry, text);
  }

  showPerson(id) {
    return this.card.show(id);
  }

  /** Whom one knows and which groups one is in, anew: after coming back. */
  refresh() {
    return Promise.all([this.circle.refresh(), this.groups.refresh()]);
  }

  /** A frame from the socket. */
  take(frame) {
    if (frame.type.startsWith("friend.")) this.circle.refresh().catch(() => {});
    if (frame.type !== "group.join_request") return;
    this.groups.refresh().catch(() => {});
    if (frame.request.user.id === this.store.me.id && frame.request.status !== "pending")
      this.groups.answered(frame.request);
    if (frame.request.group === this.group.id) this.group.soon();
  }
}
