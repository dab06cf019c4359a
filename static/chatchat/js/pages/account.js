/* The profile's picture: chosen or dropped, cropped to a square here, and sent to the REST door. */

import { api } from "../api.js";
import { Cropper } from "../cropper.js";

const SIDE = 512; // what the server keeps
const root = document.querySelector("[data-avatar]");
const input = root.querySelector("input[type=file]");
const panel = document.querySelector(".cropper");
const problem = document.querySelector(".picture-problem");
const choose = root.querySelector(".choose");
const save = panel.querySelector(".save");
const cropper = new Cropper({
  canvas: panel.querySelector("canvas.crop"),
  zoom: panel.querySelector("input[type=range]"),
  previews: [...panel.querySelectorAll("canvas.crop-preview")],
});

function complain(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

async function open(file) {
  complain("");
  try {
    await cropper.load(file);
  } catch {
    complain(gettext("The browser cannot read that as a picture. A JPEG, PNG, WebP or GIF is needed."));
    return;
  }
  panel.hidden = false;
  panel.querySelector("canvas.crop").focus();
  panel.scrollIntoView({ block: "nearest" });
}

function close() {
  panel.hidden = true;
  input.value = "";
  choose.focus();
}

async function send() {
  save.disabled = true;
  const form = new FormData();
  form.append("image", await cropper.blob(SIDE), "picture.webp");
  try {
    await api("PUT", "users/me/avatar", form);
    location.reload();
  } catch (error) {
    complain(error.message);
  }
  save.disabled = false;
}

/* In place of the file field and its button there is one button (account.css), which opens the same dialog. */
choose.addEventListener("click", () => input.click());
input.addEventListener("change", () => input.files[0] && open(input.files[0]));
save.addEventListener("click", send);
panel.querySelector(".cancel").addEventListener("click", close);
panel.addEventListener("keydown", (event) => event.key === "Escape" && close());

const card = root.closest(".card");
card.addEventListener("dragover", (event) => {
  event.preventDefault();
  card.classList.add("over");
});
card.addEventListener("dragleave", (event) => card.contains(event.relatedTarget) || card.classList.remove("over"));
card.addEventListener("drop", (event) => {
  event.preventDefault();
  card.classList.remove("over");
  const file = [...event.dataTransfer.files][0];
  if (file) open(file);
});
addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files || [])].find((one) => one.type.startsWith("image/"));
  if (file) open(file);
});
