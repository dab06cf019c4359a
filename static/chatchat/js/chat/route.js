/* Which conversation is open is said by the address, /chat/<id>/: it can be kept, shared and gone back to. */

const base = document.getElementById("chat").dataset.base;
const PATTERN = /^(\d+)\/$/;

/** The conversation that the address names, or null. */
export function wanted() {
  const rest = location.pathname.startsWith(base) ? location.pathname.slice(base.length) : "";
  return Number(PATTERN.exec(rest)?.[1]) || null;
}

/** Go to a conversation, or with null to the list; the browser's "back" leads to where one was. */
export function go(id) {
  const path = id ? `${base}${id}/` : base;
  if (path === location.pathname) return;
  history.pushState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** The address is of something that is not there (any more): it does not stay in the history. */
export function leave() {
  history.replaceState(null, "", base);
  dispatchEvent(new PopStateEvent("popstate"));
}
