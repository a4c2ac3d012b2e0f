// The tree: rows, folding, choosing, keys.

import { byId, count, duration, element, known, setAttribute, setText, shortPlace } from "./element.js";
import { Filter, label } from "./forest.js";
import { List } from "./list.js";

const HEIGHT = 26;
const INDENT = 16;
const DEEPEST = 20; // deeper ones are not moved in further

export class Tree {
  // `choose(job)` is told of a click on a row.
  constructor(choose) {
    this.choose = choose;
    this.filter = new Filter("", new Set());
    this.folded = new Set();
    this.foldedUnderFilter = new Set();
    this.rows = [];
    this.viewport = byId("viewport");
    this.list = new List(this.viewport, byId("rows"), HEIGHT, {
      make: () => this.makeRow(),
      draw: (row, item, index) => this.drawRow(row, item, index),
      identity: (item) => item.job.identity,
    });
    this.viewport.addEventListener("click", (event) => this.clicked(event));
    this.viewport.addEventListener("keydown", (event) => this.pressed(event));
  }

  show(forest, chosen) {
    this.forest = forest;
    this.chosen = chosen;
    this.update();
  }

  update() {
    if (!this.forest) return;
    const { rows, matches } = this.forest.shown(this.filter, this.collapsed);
    this.rows = rows;
    this.list.show(rows);
    const all = this.forest.jobs.length;
    setText(byId("count"), this.filter.isActive ? `${count(matches)} of ${count(all)}` : `${count(all)} jobs`);
    const nothing = byId("nothing");
    nothing.hidden = rows.length > 0;
    setText(nothing, all > 0 ? "Nothing matches." : "No coroutine is alive.");
    setAttribute(this.viewport, "aria-activedescendant", this.chosenIndex() >= 0 ? "chosen-row" : null);
  }

  get collapsed() {
    return this.filter.isActive ? this.foldedUnderFilter : this.folded;
  }

  setFilter(filter) {
    this.filter = filter;
    this.foldedUnderFilter.clear();
    this.update();
    const at = this.chosenIndex();
    if (at >= 0) this.list.center(at);
    else if (filter.isActive) this.viewport.scrollTop = 0;
  }

  setChosen(identity) {
    this.chosen = identity;
    this.update();
  }

  // Unfolds what is above the job, and brings it in sight. Whether it is among the rows.
  reveal(job) {
    for (let above = job.above; above; above = above.above) this.collapsed.delete(above.identity);
    this.update();
    const at = this.chosenIndex();
    if (at >= 0) this.list.center(at);
    return at >= 0;
  }

  foldAll() {
    for (const job of this.forest?.jobs ?? []) if (job.children > 0) this.collapsed.add(job.identity);
    this.update();
  }

  unfoldAll() {
    this.collapsed.clear();
    this.update();
  }

  chosenIndex() {
    return this.chosen ? this.rows.findIndex((row) => row.job.identity === this.chosen) : -1;
  }

  makeRow() {
    const part = (name) => element("span", { class: name });
    const row = element("div", { class: "row", role: "treeitem" });
    row.parts = {
      fold: part("fold"), dot: part("dot"), name: part("name"), number: part("number"), kind: part("kind"),
      mark: part("mark"), wait: part("wait"), dispatcher: part("dispatcher"), state: part("state"),
      since: part("since"),
    };
    row.append(...Object.values(row.parts));
    return row;
  }

  drawRow(row, { job, isCollapsed, isMeant }, index) {
    const { fold, dot, name, number, kind, mark, wait, dispatcher, state, since } = row.parts;
    const indent = `${Math.min(job.depth, DEEPEST) * INDENT}px`;
    if (row.style.getPropertyValue("--indent") !== indent) row.style.setProperty("--indent", indent);
    const isChosen = job.identity === this.chosen;
    setAttribute(row, "id", isChosen ? "chosen-row" : null);
    setAttribute(row, "aria-selected", String(isChosen));
    setAttribute(row, "aria-level", job.depth + 1);
    setAttribute(row, "aria-setsize", this.rows.length);
    setAttribute(row, "aria-posinset", index + 1);
    setAttribute(row, "aria-expanded", job.children > 0 ? String(!isCollapsed) : null);
    setAttribute(row, "data-found", job.found ? job.found[0].kind : null);
    setAttribute(row, "data-meant", String(isMeant));
    setAttribute(dot, "data-state", job.state);
    setText(fold, job.children > 0 ? (isCollapsed ? "▸" : "▾") : "");
    setText(name, job.name ?? job.kind ?? "coroutine");
    setText(number, known(job.id) ? `#${job.id}` : "");
    setText(kind, job.name && job.kind && job.kind !== "coroutine" ? job.kind : "");
    setText(mark, [...new Set((job.found ?? []).map((finding) => finding.kind))].join(" "));
    // a scope waits nowhere; where it was opened tells it from others
    const opened = job.kind !== "coroutine" && job.launched_at ? shortPlace(job.launched_at) : "";
    setText(wait, job.wait ? `${job.wait.label ?? job.wait.kind} · ${shortPlace(job.wait.at)}` : opened);
    setAttribute(wait, "title", job.wait ? `${job.wait.kind} at ${job.wait.at}` : (job.launched_at ?? null));
    setText(dispatcher, (job.dispatcher ?? "").replace(/^Dispatchers\./, ""));
    setAttribute(dispatcher, "title", job.dispatcher ?? null);
    setText(state, job.cancelled ? `${job.state}, cancelled` : job.state);
    setAttribute(state, "data-cancelled", job.cancelled ? "" : null);
    setText(since, known(job.in_state_ms) ? duration(job.in_state_ms) : "");
    setAttribute(row, "aria-label", `${label(job)}, ${state.textContent}`);
  }

  clicked(event) {
    const row = event.target.closest(".row");
    const item = row && this.rows[row.index];
    if (!item) return;
    if (event.target === row.parts.fold && item.job.children > 0) this.fold(item, !item.isCollapsed);
    else this.choose(item.job);
  }

  fold({ job }, isFolded) {
    if (isFolded) this.collapsed.add(job.identity);
    else this.collapsed.delete(job.identity);
    this.update();
  }

  // As in any tree: arrows, page, home, end; right unfolds or goes in, left folds or goes out.
  pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || this.rows.length === 0) return;
    const at = this.chosenIndex();
    const item = this.rows[at];
    const goals = {
      ArrowDown: at + 1, ArrowUp: Math.max(at - 1, 0), Home: 0, End: this.rows.length - 1,
      PageDown: at + this.list.rowsInSight, PageUp: Math.max(at - this.list.rowsInSight, 0),
    };
    if (event.key in goals) {
      this.go(Math.min(goals[event.key], this.rows.length - 1));
    } else if (event.key === "ArrowRight" && item?.job.children > 0) {
      if (item.isCollapsed) this.fold(item, false);
      else if (this.rows[at + 1]?.job.above === item.job) this.go(at + 1);
    } else if (event.key === "ArrowLeft" && item) {
      if (item.job.children > 0 && !item.isCollapsed) this.fold(item, true);
      else if (item.job.above) this.go(this.rows.findIndex((row) => row.job === item.job.above));
    } else {
      return;
    }
    event.preventDefault();
  }

  go(index) {
    this.choose(this.rows[index].job);
    this.list.reveal(index);
  }
}
