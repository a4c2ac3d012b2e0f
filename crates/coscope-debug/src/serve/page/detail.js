// One coroutine: what it is, what it does, what looks wrong about it, what happened to it.

import { byId, count, duration, element, known, setAttribute, setText, timeOfDay } from "./element.js";
import { label } from "./forest.js";

const MOST = 200; // events shown

const FIELDS = {
  state: "State", wait: "Waits in", place: "at", holder: "Held by", holds: "Waited for by", parent: "Parent",
  children: "Children", kind: "Kind", launched: "Launched at", dispatcher: "Dispatcher",
};

export class Detail {
  constructor(choose) {
    this.choose = choose;
    this.box = byId("detail");
    this.title = element("h2");
    this.gone = element("span", { class: "gone", hidden: "" }, "has completed");
    this.findings = element("div", { class: "texts" });
    this.fields = {};
    const table = element("dl");
    for (const [name, title] of Object.entries(FIELDS)) {
      const field = { title: element("dt", {}, title), value: element("dd", { "data-field": name }) };
      this.fields[name] = field;
      table.append(field.title, field.value);
    }
    this.events = element("ol", { id: "events" });
    this.noEvents = element("p", { class: "quiet" });
    this.content = element(
      "div", { hidden: "" }, element("div", { class: "title" }, this.title, this.gone), this.findings, table,
      element("h3", {}, "History"), this.noEvents, this.events,
    );
    this.hint = element("p", { class: "quiet" }, "Choose a coroutine to see what it does, and what happened to it.");
    this.box.append(this.hint, this.content);
  }

  // `job` as it is now, or as it was last seen with `isGone`.
  show(job, isGone, forest) {
    this.hint.hidden = Boolean(job);
    this.content.hidden = !job;
    if (!job) return;
    setText(this.title, label(job));
    setAttribute(this.title, "title", label(job));
    this.gone.hidden = !isGone;
    this.showFindings(job.found ?? []);

    const cancelled = job.cancelled ? ", cancelled" : "";
    const since = known(job.in_state_ms) ? ` for ${duration(job.in_state_ms)}` : "";
    this.put("state", `${job.state}${cancelled}${since}`);
    this.put("wait", job.wait && (job.wait.label ? `${job.wait.label} (${job.wait.kind})` : job.wait.kind));
    this.put("place", job.wait?.at);
    const own = forest.waits.filter((wait) => wait.waiter === job.key && wait.holder !== null);
    this.putJobs("holder", own.map((wait) => forest.byKey.get(wait.holder)));
    const others = forest.waits.filter((wait) => wait.holder === job.key);
    this.putJobs("holds", others.map((wait) => forest.byKey.get(wait.waiter)));
    this.putJobs("parent", job.above ? [job.above] : []);
    this.put("children", job.children > 0 ? count(job.children) : null);
    this.put("kind", job.kind === "coroutine" ? null : job.kind);
    this.put("launched", job.launched_at);
    this.put("dispatcher", job.dispatcher);
  }

  put(name, text) {
    const { title, value } = this.fields[name];
    title.hidden = value.hidden = !known(text) || text === "";
    if (!value.hidden) setText(value, text);
  }

  putJobs(name, jobs) {
    const { title, value } = this.fields[name];
    const all = [...new Set(jobs.filter(Boolean))];
    title.hidden = value.hidden = all.length === 0;
    const wanted = all.slice(0, 5).map((job) => job.identity).join() + all.length;
    if (value.hidden || value.shown === wanted) return;
    value.shown = wanted;
    value.replaceChildren(...all.slice(0, 5).map((job) => this.link(job)));
    if (all.length > 5) value.append(` and ${count(all.length - 5)} more`);
  }

  link(job) {
    const link = element("button", { type: "button", class: "link" }, label(job));
    link.addEventListener("click", () => this.choose(job, true));
    return link;
  }

  showFindings(findings) {
    const wanted = JSON.stringify(findings);
    if (this.shownFindings === wanted) return;
    this.shownFindings = wanted;
    this.findings.replaceChildren(...findings.map((finding) =>
      element("p", { class: "text", "data-kind": finding.kind }, element("b", {}, finding.kind), " ", finding.text)));
  }

  // `history` is undefined until it is known, and null if there is none: of who has completed what was seen stays.
  showHistory(history) {
    if (history === null && this.shownHistory) return;
    const events = history?.events ?? [];
    const wanted = history === undefined ? "" : JSON.stringify(history);
    if (this.shownHistory === wanted) return;
    this.shownHistory = wanted;
    this.noEvents.hidden = events.length > 0;
    setText(this.noEvents, history === undefined ? "…" : "Nothing is recorded of it.");
    const last = events.slice(-MOST);
    const rows = last.map((event, at) => {
      const before = last[at - 1];
      return element(
        "li", { "data-what": event.what },
        element("time", {}, before ? `+ ${duration(event.at_ms - before.at_ms)}` : timeOfDay(event.at_ms)),
        element("b", {}, event.what),
        element("span", {}, event.detail ?? ""),
      );
    });
    if (events.length > MOST) {
      rows.unshift(element("li", { class: "quiet" }, `${count(events.length - MOST)} earlier events`));
    }
    this.events.replaceChildren(...rows);
  }
}
