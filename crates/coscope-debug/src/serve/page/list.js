// A long list of which only the rows in sight are in the page. All rows have one height.

const BEYOND = 6; // rows kept ready above and below

export class List {
  // `draw(row element, item, index)` fills a row; `make()` makes an empty one; `identity(item)` knows it again.
  constructor(viewport, box, height, { make, draw, identity }) {
    Object.assign(this, { viewport, box, height, make, draw, identity });
    this.items = [];
    this.pool = [];
    viewport.addEventListener("scroll", () => this.drawSoon(), { passive: true });
    new ResizeObserver(() => this.drawSoon()).observe(viewport);
  }

  // Shows other items; the topmost row in sight stays where it is, if it is still there.
  show(items) {
    const top = this.viewport.scrollTop;
    const first = Math.floor(top / this.height);
    const anchor = top > 0 ? this.items[first] : undefined;
    this.items = items;
    this.box.style.height = `${items.length * this.height}px`;
    if (anchor !== undefined) {
      const wanted = this.identity(anchor);
      if (items[first] === undefined || this.identity(items[first]) !== wanted) {
        const at = items.findIndex((item) => this.identity(item) === wanted);
        if (at >= 0) this.viewport.scrollTop = at * this.height + (top - first * this.height);
      }
    }
    this.drawNow();
  }

  reveal(index) {
    const { clientHeight, scrollTop } = this.viewport;
    const top = index * this.height;
    if (top < scrollTop) this.viewport.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) {
      this.viewport.scrollTop = top + this.height - clientHeight;
    }
    this.drawNow();
  }

  // Brings a row that may be far away to the middle.
  center(index) {
    const { clientHeight, scrollTop } = this.viewport;
    const top = index * this.height;
    if (top < scrollTop || top + this.height > scrollTop + clientHeight) {
      this.viewport.scrollTop = top - (clientHeight - this.height) / 2;
    }
    this.drawNow();
  }

  get rowsInSight() {
    return Math.max(1, Math.floor(this.viewport.clientHeight / this.height) - 1);
  }

  drawSoon() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    const { scrollTop, clientHeight } = this.viewport;
    const begin = Math.max(0, Math.floor(scrollTop / this.height) - BEYOND);
    const end = Math.min(this.items.length, Math.ceil((scrollTop + clientHeight) / this.height) + BEYOND);
    const wanted = Math.max(0, end - begin);
    while (this.pool.length < wanted) {
      const row = this.make();
      this.pool.push(row);
      this.box.append(row);
    }
    while (this.pool.length > wanted) this.pool.pop().remove();
    // a row keeps its element while it is in sight, so that a click that has begun on it ends on it
    const size = this.pool.length;
    for (let index = begin; index < end; index += 1) {
      const row = this.pool[index % size];
      const top = `translateY(${index * this.height}px)`;
      if (row.style.transform !== top) row.style.transform = top;
      row.index = index;
      this.draw(row, this.items[index], index);
    }
  }
}
