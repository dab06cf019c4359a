/* The mail page: a mail that comes shows by itself, and its code is copied by a click. */

const EVERY = 3000;
const list = document.querySelector(".mails");

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const label = button.textContent;
    button.textContent = gettext("Copied");
    setTimeout(() => (button.textContent = label), 2000);
  });
}

async function look() {
  if (document.hidden) return;
  const query = new URLSearchParams(location.search);
  query.set("limit", "1");
  try {
    const answer = await fetch(`?${query}`, { headers: { Accept: "application/json" } });
    const { results } = await answer.json();
    if ((results[0]?.id || "") !== list.dataset.newest) location.reload();
  } catch {
    return; // the server is away; it may come back
  }
}

setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
