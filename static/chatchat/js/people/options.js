/* The menu of an open conversation: whether it is pinned, and of what one is notified. */

import { api } from "../api.js";
import { menuButton } from "./lists.js";
import { toast } from "../toast.js";

export function options(entry, store) {
  if (entry.state.pinned === undefined) return null;
  return menuButton({
    label: gettext("Options of this conversation"),
    key: "options",
    items: () => items(entry, store),
  });
}

function items(entry, store) {
  const { pinned, notifications, kind } = entry.state;
  const set = (change) => async () => {
    try {
      store.take({ type: "conversation", conversation: await api("PATCH", `conversations/${entry.id}`, change) });
    } catch (error) {
      toast(error.message);
    }
  };
  const notify = (value, label) => ({ label, checked: notifications === value, run: set({ notifications: value }) });
  return [
    { label: pinned ? gettext("Unpin") : gettext("Pin to the top"), icon: "pin", run: set({ pinned: !pinned }) },
    notify("all", gettext("Notify of every message")),
    kind === "group" && notify("mentions", gettext("Notify of mentions only")),
    notify("none", gettext("Notify of nothing")),
  ];
}
