/* A square part of a picture, chosen by dragging, by keys, and by a zoom slider. */

const STEP = 8; // canvas pixels an arrow key moves; with Shift five times as many

export class Cropper {
  constructor({ canvas, zoom, previews }) {
    Object.assign(this, { canvas, zoom, previews, picture: null });
    zoom.addEventListener("input", () => this.scaleTo(Number(zoom.value)));
    canvas.addEventListener("pointerdown", (event) => this.grab(event));
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => this.fingers.clear());
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    this.fingers = new Map();
  }

  /** Take a file; rejects if the browser can't read it as a picture. */
  async load(file) {
    this.picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const { width, height } = this.picture;
    this.scale = 1; // 1: the shorter side fills the square
    this.zoom.max = Math.max(1.01, Math.min(8, Math.min(width, height) / 64));
    this.zoom.value = 1;
    this.x = width / 2; // the middle of the part that is shown, in the picture's own pixels
    this.y = height / 2;
    this.draw();
  }

  /** The side of the part that is shown, in the picture's pixels. */
  get side() {
    return Math.min(this.picture.width, this.picture.height) / this.scale;
  }

  scaleTo(scale) {
    this.scale = Math.min(Number(this.zoom.max), Math.max(1, scale));
    this.zoom.value = this.scale;
    this.draw();
  }

  /** Move the part that is shown, by canvas pixels. */
  move(dx, dy) {
    const ratio = this.side / this.canvas.width;
    this.x += dx * ratio;
    this.y += dy * ratio;
    this.draw();
  }

  draw() {
    const { picture, side } = this;
    this.x = Math.min(picture.width - side / 2, Math.max(side / 2, this.x));
    this.y = Math.min(picture.height - side / 2, Math.max(side / 2, this.y));
    for (const canvas of [this.canvas, ...this.previews]) this.paint(canvas);
  }

  paint(canvas) {
    const context = canvas.getContext("2d");
    const { side } = this;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(
      this.picture, this.x - side / 2, this.y - side / 2, side, side, 0, 0, canvas.width, canvas.height,
    );
  }

  /** The part that is shown, as a picture file of `side` × `side` pixels. */
  blob(side) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    this.paint(canvas);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/webp", 0.92));
  }

  // --- pointers, wheel, keys ----------------------------------------------------------------------

  grab(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, [event.clientX, event.clientY]);
  }

  drag(event) {
    const from = this.fingers.get(event.pointerId);
    if (!from || !this.picture) return;
    const before = this.spread();
    this.fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (this.fingers.size === 2) {
      if (before) this.scaleTo((this.scale * this.spread()) / before);
      return;
    }
    const ratio = this.canvas.width / this.canvas.clientWidth;
    this.move((from[0] - event.clientX) * ratio, (from[1] - event.clientY) * ratio);
  }

  /** How far two fingers are apart; 0 while there are not two. */
  spread() {
    const [one, other] = [...this.fingers.values()];
    return other ? Math.hypot(one[0] - other[0], one[1] - other[1]) : 0;
  }

  wheel(event) {
    event.preventDefault();
    this.scaleTo(this.scale * (event.deltaY < 0 ? 1.08 : 1 / 1.08));
  }

  key(event) {
    const step = event.shiftKey ? STEP * 5 : STEP;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (moves[event.key]) this.move(...moves[event.key]);
    else if (event.key === "+" || event.key === "=") this.scaleTo(this.scale * 1.1);
    else if (event.key === "-") this.scaleTo(this.scale / 1.1);
    else return;
    event.preventDefault();
  }
}
