/* Pictures and files of a message. A picture's place is kept before it has come: nothing moves when it does. */

import { el, icon } from "../dom.js";
import { bytes, isPicture } from "../format.js";
import { plainName } from "../text.js";

const SIDE = 340; // CSS pixels of a single picture, at most
const LEAST = 90;

/** What is attached to a message: objects of the server's, or uploads on their way. */
export function attachments(files) {
  const pictures = files.filter(isPicture);
  const others = files.filter((file) => !isPicture(file));
  return [
    pictures.length > 0 &&
      el(
        "div",
        { class: "pictures", data: { count: pictures.length } },
        pictures.map((file) => picture(file, files.indexOf(file), pictures.length === 1)),
      ),
    ...others.map((file) => card(file)),
  ];
}

function picture(file, index, alone) {
  const name = plainName(file.name);
  const thumbnail = file.thumbnail || {};
  const image = el("img", {
    src: file.preview || thumbnail.url || file.url || null,
    alt: name,
    width: file.width,
    height: file.height,
    loading: "lazy",
    decoding: "async",
    draggable: "false",
    onerror: (event) => event.target.classList.add("broken"),
  });
  const place = el(
    "div",
    { class: "picture" },
    file.key
      ? image
      : el("button", { type: "button", tabindex: "-1", data: { picture: index }, title: name }, image),
    file.key && upload(file),
  );
  if (alone) reserve(place, file);
  return place;
}

/** A picture by itself keeps its shape, within bounds. */
function reserve(place, { width, height }) {
  const scale = Math.min(1, SIDE / width, SIDE / height);
  place.style.width = `${Math.max(LEAST, Math.round(width * scale))}px`;
  place.style.aspectRatio = `${Math.max(width * scale, LEAST)} / ${Math.max(height * scale, LEAST)}`;
}

function card(file) {
  const name = plainName(file.name);
  const parts = [
    el("span", { class: "file-icon" }, icon(kind(file.type)), el("span", { class: "ending" }, ending(name))),
    el(
      "span",
      { class: "file-about" },
      el("bdi", { class: "file-name" }, name),
      el("span", { class: "file-size" }, bytes(file.size)),
    ),
  ];
  if (file.key) return el("div", { class: "file" }, parts, upload(file));
  return el("a", { class: "file", href: file.url, download: name, title: name, tabindex: "-1" }, parts, icon("download"));
}

function kind(type = "") {
  if (type.startsWith("image/")) return "image";
  if (type.startsWith("audio/")) return "music";
  if (type.startsWith("video/")) return "film";
  return /zip|compressed|tar/.test(type) ? "archive" : "file";
}

function ending(name) {
  return /\.([\p{L}\p{N}]{1,5})$/u.exec(name)?.[1].toUpperCase() || "";
}

// ---- on their way

function upload(file) {
  const tool = (what, label, name) =>
    el(
      "button",
      { type: "button", class: "upload-tool", tabindex: "-1", title: label, "aria-label": label, data: { upload: file.key, do: what } },
      icon(name),
    );
  if (file.state === "failed") {
    return el(
      "div",
      { class: "upload failed" },
      el("span", { class: "why", title: file.error || null }, file.error || gettext("Not uploaded")),
      tool("retry-upload", gettext("Try again"), "retry"),
      tool("cancel-upload", gettext("Remove"), "close"),
    );
  }
  if (file.state === "done") return null;
  return el(
    "div",
    { class: "upload" },
    el("progress", { max: 1, value: file.progress || 0, "aria-label": gettext("Uploading"), data: { progress: file.key } }),
    tool("cancel-upload", gettext("Cancel"), "close"),
  );
}

/** Show how far the uploads within `node` have got, without building anything. */
export function showProgress(node, files) {
  for (const file of files) {
    const bar = node.querySelector(`[data-progress="${CSS.escape(file.key)}"]`);
    if (bar) bar.value = file.progress || 0;
  }
}
