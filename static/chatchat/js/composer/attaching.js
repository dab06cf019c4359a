/* The files that go with the next message, a conversation each: chosen, pasted or dropped. */

import { el, icon } from "../dom.js";
import { keys, read, TAB, tabs, write } from "../kept.js";
import { Tray } from "./tray.js";
import { MOST, refusal, uploads } from "./uploads.js";

const PREFIX = "tray/";

export class Attaching {
  /** `changed()` after each change; `say(text)` tells why something is not taken; `may()` whether files are. */
  constructor(form, { changed, say, may }) {
    this.actions = { changed, say, may };
    this.id = null;
    this.lists = new Map(); // conversation → uploads
    this.input = form.querySelector("textarea");
    this.heard = form.querySelector(".heard");
    this.tray = new Tray(form.querySelector(".tray"), (upload) => this.remove(upload));
    this.button = form.querySelector(".attach");
    const input = form.querySelector("input[type=file]");
    this.button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.add(input.files);
      input.value = "";
    });
    this.input.addEventListener("paste", (event) => this.pasted(event));
    dropZone(form.parentElement, this);
    uploads.addEventListener("change", ({ detail }) => this.uploaded(detail));
  }

  get list() {
    return this.lists.get(this.id) || [];
  }

  async open(id) {
    this.id = id;
    this.tray.show(this.list);
    if (id === null || this.lists.has(id)) return;
    this.lists.set(id, []);
    const found = await left(id);
    if (!found.length) return;
    this.lists.set(id, [...found, ...this.lists.get(id)]);
    this.show(id);
  }

  /** As many as fit; of the rest it says why not. */
  add(files) {
    const problems = [];
    const list = [...this.list];
    if (!this.actions.may()) return;
    for (const file of files) {
      if (list.length >= MOST) {
        problems.push(interpolate(gettext("At most %s files go with one message."), [MOST]));
        break;
      }
      const problem = refusal(file);
      if (problem) problems.push(problem);
      else list.push(uploads.add(file));
    }
    this.lists.set(this.id, list);
    this.show(this.id);
    this.actions.say(problems.join(" "));
  }

  remove(upload) {
    uploads.cancel(upload);
    this.lists.set(this.id, this.list.filter((one) => one !== upload));
    this.show(this.id);
    if (!this.list.length) this.input.focus();
  }

  /** Hand them over to the message that is sent. */
  take() {
    const { list } = this;
    this.lists.set(this.id, []);
    this.show(this.id);
    return list;
  }

  show(id) {
    const list = this.lists.get(id);
    write(`${PREFIX}${id}/${TAB}`, list.length ? list.map((upload) => uploads.brief(upload)) : null);
    if (id !== this.id) return;
    this.tray.show(list);
    this.actions.changed();
  }

  uploaded(upload) {
    for (const [id, list] of this.lists) {
      if (!list.includes(upload)) continue;
      if (upload.state === "uploading") this.actions.changed();
      else this.show(id);
      if (id === this.id) this.announce(upload);
    }
  }

  /** For those who do not see the tray. */
  announce({ state, name, error }) {
    if (state === "done") this.heard.textContent = interpolate(gettext("%s is uploaded."), [name]);
    if (state === "failed") this.heard.textContent = `${name}: ${error}`;
  }

  /** Files, unless what was copied is text with a picture of itself, as offices do. */
  pasted(event) {
    const { files, types } = event.clipboardData;
    if (!files.length || types.includes("text/plain")) return;
    event.preventDefault();
    this.add([...files].map(named));
  }
}

/** What tabs that are closed now had for the conversation. */
async function left(id) {
  const open = await tabs();
  const found = [];
  for (const key of keys(`${PREFIX}${id}/`)) {
    const tab = key.split("/").pop();
    if (tab === TAB || open.has(tab)) continue;
    found.push(...(read(key) || []).map((kept) => uploads.restore(kept)));
    write(key, null);
  }
  return found;
}

/** Every pasted picture is called image.png: tell them apart. */
function named(file) {
  if (file.name !== "image.png") return file;
  const now = new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", ".");
  return new File([file], `${gettext("Picture")} ${now}.png`, { type: file.type });
}

/** Files may be dropped anywhere on `pane`, which shows it. */
function dropZone(pane, attaching) {
  const sign = el("div", { class: "drop", "aria-hidden": "true", hidden: true }, icon("clip"), gettext("Drop files to add them to your message"));
  pane.append(sign);
  let depth = 0; // of elements that are entered and not left
  const over = (change) => {
    depth = Math.max(0, depth + change);
    sign.hidden = depth === 0;
  };
  const holdsFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
  pane.addEventListener("dragenter", (event) => holdsFiles(event) && over(1));
  pane.addEventListener("dragleave", (event) => holdsFiles(event) && over(-1));
  pane.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  pane.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    over(-depth);
    const items = [...event.dataTransfer.items];
    if (items.some((item) => item.webkitGetAsEntry?.()?.isDirectory)) {
      attaching.actions.say(gettext("Folders cannot be sent, only files."));
    } else attaching.add(event.dataTransfer.files);
  });
  // Beside the pane a file would open in place of the chat.
  for (const name of ["dragover", "drop"]) {
    addEventListener(name, (event) => holdsFiles(event) && event.preventDefault());
  }
}
