// The wait graph, drawn.

import { byId, count, element, setText, svg } from "./element.js";
import { layOut, readGraph } from "./graph.js";

const WIDTH = 100;
const HEIGHT = 26;
const ACROSS = WIDTH + 24;
const DOWN = HEIGHT + 12;
const LETTERS = 14;
const SMALLEST = 0.75; // a wide graph is drawn smaller down to this; then it scrolls

export class Waits {
  constructor(choose) {
    this.choose = choose;
    this.summary = element("span", { class: "quiet" });
    this.picture = element("div", { class: "picture" });
    this.left = element("p", { class: "quiet" });
    const head = element("div", { class: "title" }, element("h2", {}, "Who waits for whom"), this.summary);
    byId("waits").append(head, this.picture, this.left);
  }

  show(forest, chosen) {
    const graph = readGraph(forest);
    const wanted = JSON.stringify([
      [...graph.nodes.values()].map((node) => [node.name, node.text, node.isCycle, node.job?.state]), graph.edges, chosen,
    ]);
    const on = graph.resources === 1 ? "1 resource" : `${count(graph.resources)} resources`;
    setText(this.summary, graph.waits === 0 ? "" : `${count(graph.waits)} on ${on}`);
    setText(this.left, graph.waits === 0 ? "Nobody waits for a lock, a permit or a place."
      : graph.left > 0 ? `and ${count(graph.left)} more resources` : "");
    if (this.shown === wanted) return; // what has not changed is not drawn again
    this.shown = wanted;
    this.picture.replaceChildren(...(graph.nodes.size > 0 ? [this.draw(layOut(graph), chosen)] : []));
  }

  draw(graph, chosen) {
    const width = graph.columns * ACROSS - (ACROSS - WIDTH) + 28;
    const height = graph.rows * DOWN + 8;
    const tip = (name) =>
      svg("marker", {
        id: name, viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "7", markerHeight: "7", orient: "auto",
      }, svg("path", { d: "M0 0.5 8 4 0 7.5z" }));
    const picture = svg(
      "svg",
      { viewBox: `-14 -4 ${width} ${height}`, role: "img", "aria-label": "The wait graph" },
      svg("defs", {}, tip("tip"), tip("tip-cycle")),
      ...graph.edges.map((edge) => this.edge(edge, graph.nodes.get(edge.from), graph.nodes.get(edge.to))),
      ...[...graph.nodes.values()].map((node) => this.node(node, chosen)),
    );
    picture.style.minWidth = `${width * SMALLEST}px`;
    picture.style.maxWidth = `${width}px`;
    return picture;
  }

  edge(edge, from, to) {
    const [x1, y1] = [from.x * ACROSS + WIDTH, from.y * DOWN + HEIGHT / 2];
    const [x2, y2] = [to.x * ACROSS, to.y * DOWN + HEIGHT / 2];
    const bend = (x2 - x1) / 2;
    const low = from.bottom * DOWN + 4;
    const path = edge.isBack
      ? `M${x1} ${y1}c12 0 12 0 12 ${(low - y1) / 2}S${x1} ${low} ${x1 - 10} ${low}L${x2 + 10} ${low}` +
        `C${x2 - 13} ${low} ${x2 - 13} ${y2} ${x2 - 1} ${y2}`
      : `M${x1} ${y1}c${bend} 0 ${bend} ${y2 - y1} ${x2 - x1 - 1} ${y2 - y1}`;
    const tip = edge.isCycle ? "url(#tip-cycle)" : "url(#tip)";
    return svg("path", { class: edge.isCycle ? "edge cycle" : "edge", d: path, "marker-end": tip });
  }

  node(node, chosen) {
    const text = node.text.length > LETTERS ? `${node.text.slice(0, LETTERS - 1)}…` : node.text;
    const round = node.kind === "resource" ? HEIGHT / 2 : 5;
    const isChosen = node.job && node.job.identity === chosen;
    const group = svg(
      "g",
      {
        class: `node ${node.kind}${node.isCycle ? " cycle" : ""}${isChosen ? " chosen" : ""}`,
        transform: `translate(${node.x * ACROSS} ${node.y * DOWN})`,
        "data-name": node.name,
      },
      svg("title", {}, node.title ?? node.text),
      svg("rect", { width: WIDTH, height: HEIGHT, rx: round }),
      svg("text", { x: WIDTH / 2, y: HEIGHT / 2 + 4 }, text),
    );
    if (node.job) {
      group.setAttribute("tabindex", "0");
      group.setAttribute("role", "button");
      group.addEventListener("click", () => this.choose(node.job, true));
      group.addEventListener("keydown", (event) => {
        if (event.key === "Enter") this.choose(node.job, true);
      });
    }
    return group;
  }
}
