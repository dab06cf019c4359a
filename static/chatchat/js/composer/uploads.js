/*
 * Files on their way to the server, a few at once, with progress; what a cut interrupts goes on by itself.
 *
 * An upload is a plain object, `{key, name, type, size, width, height, preview, progress, state, error,
 * again, id, attachment}`: `state` is uploading, done or failed, `again` whether a failed one will be
 * tried again unasked, `attachment` what the server made of it.
 */

import { api, signIn } from "../api.js";
import { dropFile, keepFile, keptFile } from "../files.js";

export const MOST = 10; // a message
export const LARGEST = 25 * 1024 * 1024; // bytes

const AT_ONCE = 3;
const LONGEST_WAIT = 30_000; // milliseconds
const SHOWN = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;
const KEPT_FOR = 30_000; // milliseconds that a preview lasts after its message was sent
const HELD_FOR = 23 * 3600 * 1000; // the server sweeps what no message claims after a day

/** Tells `change`, with the upload as detail. */
class Uploads extends EventTarget {
  constructor() {
    super();
    this.jobs = new Map(); // key → {upload, file, request, timer, tries}
    addEventListener("online", () => this.resume());
  }

  add(file) {
    const upload = {
      key: Math.random().toString(36).slice(2),
      name: file.name,
      type: file.type,
      size: file.size,
      width: null,
      height: null,
      preview: SHOWN.test(file.type) ? URL.createObjectURL(file) : null,
      progress: 0,
      state: "uploading",
      error: "",
      again: false,
      id: null,
      attachment: null,
      at: null, // when it was done
    };
    keepFile(upload.key, file);
    this.begin(upload, file);
    return upload;
  }

  begin(upload, file) {
    this.jobs.set(upload.key, { upload, file, request: null, timer: null, tries: 0 });
    if (upload.preview && !upload.width) this.measure(upload, file);
    this.next();
  }

  /** How large a picture is, so that its place is held before it is there. */
  async measure(upload, file) {
    try {
      const picture = await createImageBitmap(file);
      Object.assign(upload, { width: picture.width, height: picture.height });
      picture.close();
      this.tell(upload);
    } catch {
      // Not a picture that this browser can show.
      upload.preview = null;
    }
  }

  // ---- the way to the server

  next() {
    const jobs = [...this.jobs.values()];
    let free = AT_ONCE - jobs.filter((job) => job.request).length;
    for (const job of jobs) {
      if (free > 0 && !job.request && !job.timer && job.upload.state === "uploading") {
        free -= 1;
        this.post(job);
      }
    }
  }

  post(job) {
    const request = new XMLHttpRequest();
    job.request = request;
    request.open("POST", "/api/v1/attachments");
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", document.getElementById("chat").dataset.csrf);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => this.progressed(job, loaded / (total || 1));
    request.onload = () => this.answered(job, request);
    request.onerror = () => this.interrupted(job, gettext("The connection was lost."));
    const form = new FormData();
    form.append("file", job.file, job.upload.name);
    request.send(form);
  }

  progressed(job, progress) {
    // The last hundredth is the server's: it looks at the content before it answers.
    job.upload.progress = Math.min(0.99, progress);
    this.tell(job.upload);
  }

  answered(job, request) {
    const { status, response } = request;
    if (status === 201) return this.done(job, response);
    if (status === 401) signIn();
    const error = response?.error;
    const message = firstDetail(error?.details) || error?.message || gettext("Something went wrong.");
    if (status === 429 || status >= 500) {
      this.interrupted(job, message, Number(request.getResponseHeader("Retry-After")) || null);
    } else {
      this.fail(job, message, false);
    }
  }

  done(job, attachment) {
    const { upload } = job;
    this.jobs.delete(upload.key);
    dropFile(upload.key);
    const { id, name, width, height } = attachment;
    Object.assign(upload, { state: "done", progress: 1, error: "", again: false, id, attachment, name, at: Date.now() });
    Object.assign(upload, { width: width ?? upload.width, height: height ?? upload.height });
    this.tell(upload);
    this.next();
  }

  /** What passes: it is tried again after a while, and at once when the connection is back. */
  interrupted(job, message, seconds = null) {
    job.tries += 1;
    this.fail(job, message, true);
    const wait = seconds ? seconds * 1000 : Math.min(LONGEST_WAIT, 1000 * 2 ** job.tries);
    job.timer = setTimeout(() => this.restart(job), wait);
  }

  fail(job, message, again) {
    job.request = null;
    Object.assign(job.upload, { state: "failed", progress: 0, error: message, again });
    this.tell(job.upload);
    this.next();
  }

  restart(job) {
    clearTimeout(job.timer);
    job.timer = null;
    Object.assign(job.upload, { state: "uploading", progress: 0, error: "", again: false });
    this.tell(job.upload);
    this.next();
  }

  // ---- what is done with it

  retry(upload) {
    const job = this.jobs.get(upload.key);
    if (!job || upload.state !== "failed") return;
    job.tries = 0;
    this.restart(job);
  }

  /** The connection is back. */
  resume() {
    for (const job of this.jobs.values()) if (job.upload.again) this.restart(job);
  }

  /** Stop it, or give back what the server has already. */
  cancel(upload) {
    const job = this.jobs.get(upload.key);
    this.jobs.delete(upload.key);
    dropFile(upload.key);
    clearTimeout(job?.timer);
    job?.request?.abort();
    if (upload.id) api("DELETE", `attachments/${upload.id}`).catch(() => {});
    this.release(upload);
    this.next();
  }

  /** Its picture is not needed any more; not at once, since the message may still show it. */
  release({ preview }) {
    if (preview?.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(preview), KEPT_FOR);
  }

  // ---- over a reload

  /** What is kept of an upload. */
  brief({ key, name, type, size, width, height, attachment, at }) {
    return { key, name, type, size, width, height, attachment, at };
  }

  /** An upload from what was kept of it: done already, or begun again. */
  restore(kept) {
    const swept = kept.attachment && Date.now() - kept.at > HELD_FOR;
    const attachment = swept ? null : kept.attachment;
    const state = attachment ? "done" : "uploading";
    const upload = { ...kept, attachment, state, id: attachment?.id ?? null, progress: attachment ? 1 : 0 };
    Object.assign(upload, { preview: attachment?.thumbnail?.url ?? null, error: "", again: false });
    if (!attachment) this.find(upload);
    return upload;
  }

  async find(upload) {
    const file = await keptFile(upload.key);
    if (file) {
      if (SHOWN.test(upload.type)) upload.preview = URL.createObjectURL(file);
      this.begin(upload, file);
    } else {
      upload.state = "failed";
      upload.error = gettext("The file is not at hand any more. Remove it and choose it again.");
    }
    this.tell(upload);
  }

  tell(upload) {
    this.dispatchEvent(new CustomEvent("change", { detail: upload }));
  }
}

function firstDetail(details) {
  return Object.values(details || {}).flat().find((text) => typeof text === "string") || "";
}

/** Why a file cannot be sent at all; empty if it can. */
export function refusal(file) {
  if (file.size > LARGEST) return interpolate(gettext("“%s” is larger than 25 MB."), [file.name]);
  if (file.size === 0) return interpolate(gettext("“%s” is empty."), [file.name]);
  return "";
}

export const uploads = new Uploads();
