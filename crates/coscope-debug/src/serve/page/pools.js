// The pools over time: a card for each, in it a line for each figure. Also one for the coroutines themselves.

import { byId, count, element, setAttribute, setText, svg } from "./element.js";

const KEPT = 120; // points: two minutes
const FEWEST = 30; // the width is at least that of so many
const WIDTH = 96;
const HEIGHT = 22;

export class Pools {
  constructor() {
    this.box = byId("pools");
    this.cards = new Map();
  }

  show(forest) {
    const seen = new Set();
    for (const { name, ...figures } of [{ name: "Coroutines", ...forest.coroutines }, ...forest.pools]) {
      seen.add(name);
      this.card(name).add(figures);
    }
    for (const [name, card] of this.cards) {
      if (seen.has(name)) continue;
      card.node.remove();
      this.cards.delete(name);
    }
  }

  card(name) {
    let card = this.cards.get(name);
    if (!card) {
      card = new Card(name);
      this.cards.set(name, card);
      this.box.append(card.node);
    }
    return card;
  }
}

class Card {
  constructor(name) {
    this.node = element("article", { class: "card", "data-pool": name }, element("h2", {}, name));
    this.lines = new Map();
  }

  add(figures) {
    for (const [name, value] of Object.entries(figures)) {
      if (typeof value !== "number") continue;
      let line = this.lines.get(name);
      if (!line) {
        line = new Line(name);
        this.lines.set(name, line);
        this.node.append(line.node);
      }
      line.add(value);
    }
  }
}

class Line {
  constructor(name) {
    this.values = [];
    this.value = element("b", { "data-figure": name });
    this.curve = svg("polyline", { class: "curve" });
    this.area = svg("polygon", { class: "area" });
    const picture = svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      this.area,
      this.curve,
    );
    this.node = element(
      "div", { class: "figure" }, element("span", {}, name.replaceAll("_", " ")), picture, this.value,
    );
  }

  add(value) {
    this.values.push(value);
    if (this.values.length > KEPT) this.values.shift();
    const most = Math.max(...this.values);
    const step = WIDTH / (Math.max(FEWEST, this.values.length) - 1);
    const points = this.values.map((one, at) => {
      const x = WIDTH - (this.values.length - 1 - at) * step;
      const y = HEIGHT - 2 - (most === 0 ? 0 : (one / most) * (HEIGHT - 4));
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    const left = WIDTH - (this.values.length - 1) * step;
    setAttribute(this.curve, "points", points.join(" "));
    setAttribute(this.area, "points", `${left.toFixed(1)},${HEIGHT} ${points.join(" ")} ${WIDTH},${HEIGHT}`);
    setText(this.value, count(value));
    setAttribute(this.node, "title", `${count(value)}, at most ${count(most)} in the last two minutes`);
    setAttribute(this.node, "data-points", this.values.length);
  }
}
