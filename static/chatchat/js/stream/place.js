/*
 * Where the reader is in the stream, and that they stay there: whatever is built, dropped or grows above,
 * the row that they look at keeps its place on the screen. A reader at the end follows it instead.
 */

const AT_END = 60; // pixels
const SLACK = 4;

export class Place {
  /** `root` scrolls, `rows` is what is in it; `following()` says whether the end is followed. */
  constructor(root, rows, following) {
    this.root = root;
    this.rows = rows;
    this.following = following;
    this.anchor = null; // {node, seq, offset}
    this.top = -1;
    const observer = new ResizeObserver(() => this.keep());
    observer.observe(root);
    observer.observe(rows);
  }

  get atEnd() {
    return this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < AT_END;
  }

  get visible() {
    return this.root.clientHeight > 0;
  }

  /** Whether the day of the first message on the screen stands above it there. */
  get daySeen() {
    const above = this.anchor?.node.previousElementSibling;
    return Boolean(above?.matches(".day")) && above.getBoundingClientRect().bottom > this.root.getBoundingClientRect().top;
  }

  reset() {
    this.anchor = null;
    this.top = -1;
  }

  toEnd(smooth = false) {
    this.scrollTo(this.root.scrollHeight, smooth);
  }

  scrollTo(top, smooth = false) {
    this.root.scrollTo({ top, behavior: smooth ? "smooth" : "instant" });
    if (!smooth) this.record();
  }

  /** The first row of which nothing is above the screen is what the reader holds on to. */
  record() {
    this.top = this.root.scrollTop;
    const edge = this.root.getBoundingClientRect().top;
    const nodes = this.rows.children;
    let index = firstIndex(nodes, (node) => node.getBoundingClientRect().top >= edge - SLACK);
    while (index < nodes.length && !nodes[index].dataset.seq) index += 1;
    // A row that is higher than the screen, or the last one.
    if (index >= nodes.length) index = lastWithSeq(nodes);
    const node = nodes[index];
    this.anchor = node
      ? { node, seq: Number(node.dataset.seq), offset: node.getBoundingClientRect().top - edge }
      : null;
  }

  /** After a scroll event: whether the reader has gone elsewhere. It may have been this that scrolled. */
  moved() {
    if (this.root.scrollTop === this.top) return false;
    this.record();
    return true;
  }

  /** Something has changed its height. */
  keep() {
    if (!this.visible) return;
    if (!this.following()) return this.restore();
    this.root.scrollTop = this.root.scrollHeight;
    this.top = this.root.scrollTop;
    this.anchor = null;
  }

  restore() {
    const { anchor } = this;
    if (!anchor) return;
    if (!anchor.node.isConnected) anchor.node = this.nodeOf(anchor.seq);
    if (!anchor.node) return this.record();
    const edge = this.root.getBoundingClientRect().top;
    const drift = anchor.node.getBoundingClientRect().top - edge - anchor.offset;
    // The wanted offset is kept, not the one reached: fractions of pixels must not add up.
    if (Math.abs(drift) >= 0.5) this.root.scrollTop += drift;
    this.top = this.root.scrollTop;
  }

  /** The row of `seq`, or of the nearest message after it. */
  nodeOf(seq) {
    const nodes = this.rows.children;
    const exact = this.rows.querySelector(`:scope > [data-seq="${seq}"]`);
    if (exact) return exact;
    return [...nodes].find((node) => Number(node.dataset.seq) >= seq) || null;
  }

  /** The highest seq that has come onto the screen whole, or fills it. */
  seen() {
    if (!this.visible) return 0;
    const bottom = this.root.getBoundingClientRect().bottom;
    const nodes = this.rows.children;
    const half = bottom - this.root.clientHeight / 2;
    let index = firstIndex(nodes, (node) => {
      const rect = node.getBoundingClientRect();
      return rect.bottom > bottom + SLACK && rect.top > half;
    }) - 1;
    while (index >= 0 && !nodes[index].dataset.seq) index -= 1;
    return index < 0 ? 0 : Number(nodes[index].dataset.seq);
  }
}

/** By halving: rows stand in the order of their places. */
function firstIndex(nodes, holds) {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(nodes[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

function lastWithSeq(nodes) {
  let index = nodes.length - 1;
  while (index >= 0 && !nodes[index].dataset.seq) index -= 1;
  return index;
}
