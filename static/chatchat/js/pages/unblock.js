/* Unblocking without leaving the page, and blocking again if that was a slip. */

import { api } from "../api.js";
import { el } from "../dom.js";

for (const form of document.querySelectorAll("form[data-unblock]")) {
  const button = form.querySelector("button");
  const status = el("span", { class: "hint", role: "status" });
  form.closest("li").querySelector(".way").append(status);
  const words = { [true]: button.textContent, [false]: gettext("Block again") };
  let blocked = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    delete form.dataset.sent;
    button.disabled = true;
    try {
      await api(blocked ? "DELETE" : "PUT", `blocks/${form.dataset.unblock}`);
      blocked = !blocked;
      status.textContent = blocked ? "" : gettext("Not blocked any more.");
      button.textContent = words[blocked];
      button.removeAttribute("aria-label");
    } catch (error) {
      status.textContent = error.message;
    }
    button.disabled = false;
    button.focus();
  });
}
