// The page: asks for a dump each second, and shows it. What is chosen, folded and searched for outlives each dump.

import { Connection, TokenNeeded } from "./connection.js";
import { Detail } from "./detail.js";
import { byId, count, element, known, setAttribute, setText, timeOfDay } from "./element.js";
import { Filter, Forest } from "./forest.js";
import { Pools } from "./pools.js";
import { Tree } from "./tree.js";
import { Waits } from "./waits.js";

const EVERY = 1000; // ms
const MOST_FINDINGS = 20;

class App {
  constructor() {
    this.connection = new Connection();
    this.tree = new Tree((job) => this.choose(job, false));
    this.detail = new Detail((job) => this.choose(job, true));
    this.waits = new Waits((job) => this.choose(job, true));
    this.pools = new Pools();
    this.chosen = null; // the job as it was last seen
    this.states = new Set();
    this.isPaused = false;

    byId("pause").addEventListener("click", () => this.pause(!this.isPaused));
    byId("search").addEventListener("input", () => this.filter());
    byId("fold").addEventListener("click", () => this.tree.foldAll());
    byId("unfold").addEventListener("click", () => this.tree.unfoldAll());
    document.addEventListener("keydown", (event) => this.pressed(event));
    document.addEventListener("visibilitychange", () => this.next(0));
    byId("lock").addEventListener("submit", (event) => {
      event.preventDefault();
      this.connection.token = byId("token").value;
      byId("token").value = "";
      this.next(0);
    });
    this.next(0);
  }

  // A page that nobody sees asks for nothing.
  next(wait) {
    clearTimeout(this.timer);
    if (this.isPaused || document.hidden) return;
    this.timer = setTimeout(() => this.update(), wait);
  }

  async update() {
    if (this.isAsking) return;
    this.isAsking = true;
    try {
      const forest = new Forest(await this.connection.dump());
      byId("lock").hidden = true;
      if (!this.isPaused) {
        this.show(forest);
        this.status("live", `live · ${timeOfDay(forest.dump.taken_at_ms)}`);
      }
      await this.askHistory();
    } catch (error) {
      if (error instanceof TokenNeeded) this.askToken();
      else this.status("lost", "no answer from the program, trying again", String(error.message ?? error));
    } finally {
      this.isAsking = false;
      this.next(EVERY);
    }
  }

  status(status, text, title = "") {
    setAttribute(byId("status"), "data-status", status);
    setAttribute(byId("status"), "title", title);
    setText(byId("status"), text);
  }

  askToken() {
    this.status("lost", "token needed");
    const lock = byId("lock");
    setText(byId("wrong"), this.connection.token ? "That is not the token." : "");
    if (!lock.hidden) return;
    lock.hidden = false;
    byId("token").focus();
  }

  show(forest) {
    this.forest = forest;
    this.pools.show(forest);
    this.showSummary();
    this.showFindings();
    this.showStates();
    this.showChosen();
  }

  showSummary() {
    const coroutines = `${count(this.forest.coroutines.alive)} coroutines`;
    setText(byId("summary"), `process ${this.forest.dump.process} · ${coroutines}`);
    document.title = `${coroutines} · coscope`;
  }

  showFindings() {
    const { findings, byKey } = this.forest;
    const box = byId("findings");
    box.hidden = findings.length === 0;
    const wanted = JSON.stringify(findings.map(({ kind, text }) => [kind, text]));
    if (this.shownFindings === wanted) return;
    this.shownFindings = wanted;
    const rows = findings.slice(0, MOST_FINDINGS).map((finding) => {
      const row = element(
        "button", { type: "button", class: "finding", "data-kind": finding.kind },
        element("b", {}, finding.kind), element("span", {}, finding.text),
      );
      row.addEventListener("click", () => {
        const job = finding.jobs.map((key) => this.forest.byKey.get(key) ?? byKey.get(key)).find(Boolean);
        if (job) this.choose(job, true);
      });
      return row;
    });
    if (findings.length > MOST_FINDINGS) {
      rows.push(element("p", { class: "quiet" }, `and ${count(findings.length - MOST_FINDINGS)} more`));
    }
    box.replaceChildren(...rows);
  }

  showStates() {
    const box = byId("states");
    // a state that is filtered for keeps its chip though nobody is in it
    const counts = this.forest.stateCounts();
    for (const state of this.states) if (!this.forest.states.has(state)) counts.push([state, 0]);
    const old = new Map([...box.children].map((chip) => [chip.dataset.state, chip]));
    const chips = counts.map(([state, number]) => {
      const chip = old.get(state) ?? this.chip(state);
      setText(chip.lastChild, count(number));
      setAttribute(chip, "aria-pressed", String(this.states.has(state)));
      return chip;
    });
    if (chips.some((chip, at) => box.children[at] !== chip) || chips.length !== box.children.length) {
      box.replaceChildren(...chips);
    }
  }

  chip(state) {
    const chip = element(
      "button", { type: "button", class: "chip", "data-state": state },
      element("span", { class: "dot", "data-state": state }), state, element("b"),
    );
    chip.addEventListener("click", () => {
      if (!this.states.delete(state)) this.states.add(state);
      this.showStates();
      this.filter();
    });
    return chip;
  }

  filter() {
    this.tree.setFilter(new Filter(byId("search").value, this.states));
  }

  // `isFar`: chosen elsewhere than in the tree, which is to show it.
  choose(job, isFar) {
    const isOther = this.chosen?.identity !== job.identity;
    this.chosen = job;
    if (isOther) this.detail.showHistory(undefined);
    this.showChosen();
    if (isFar && !this.tree.reveal(job) && this.forest.byIdentity.has(job.identity)) {
      byId("search").value = "";
      this.states.clear();
      this.showStates();
      this.filter();
      this.tree.reveal(job);
    }
    if (isOther) this.askHistory().catch(() => {}); // the next update says what is wrong
  }

  showChosen() {
    const now = this.chosen && this.forest.byIdentity.get(this.chosen.identity);
    if (now) this.chosen = now;
    const identity = this.chosen?.identity ?? null;
    this.tree.show(this.forest, identity);
    this.waits.show(this.forest, identity);
    this.detail.show(this.chosen, Boolean(this.chosen) && !now, this.forest);
  }

  async askHistory() {
    const { chosen } = this;
    if (!chosen) return;
    const history = known(chosen.id) ? await this.connection.history(chosen.id) : null;
    if (this.chosen?.identity === chosen.identity) this.detail.showHistory(history);
  }

  pause(isPaused) {
    this.isPaused = isPaused;
    setAttribute(byId("pause"), "aria-pressed", String(isPaused));
    setText(byId("pause"), isPaused ? "Go on" : "Pause");
    if (isPaused) this.status("paused", `paused · ${this.forest ? timeOfDay(this.forest.dump.taken_at_ms) : ""}`);
    this.next(0);
  }

  pressed(event) {
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !isTyping) {
      event.preventDefault();
      byId("search").focus();
    } else if (event.key === "Escape" && event.target === byId("search")) {
      byId("search").value = "";
      this.filter();
      byId("viewport").focus();
    }
  }
}

new App();
