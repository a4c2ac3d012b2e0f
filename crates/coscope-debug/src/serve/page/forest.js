// A dump, read: jobs by key, their depth, and which of them are shown under a filter. Changes nothing in the page.

import { known } from "./element.js";

// The order of the chips; states that are not listed come after.
const STATES = ["running", "queued", "suspended", "joining", "cleaning up", "open", "new", "completed"];

export const label = (job) => {
  const name = job.name ?? job.kind ?? "coroutine";
  return known(job.id) ? `${name}#${job.id}` : name;
};

// `tests/../src` is `src`: modules that were found by a path are named so.
const straight = (text) => (text?.includes("/../") ? text.replace(/[^\s/]+\/\.\.\//g, "") : text);

export class Forest {
  constructor(dump) {
    this.dump = dump;
    this.jobs = dump.jobs ?? [];
    this.waits = dump.waits ?? [];
    this.findings = dump.findings ?? [];
    this.pools = dump.pools ?? [];
    this.byKey = new Map();
    this.byIdentity = new Map();
    this.states = new Map();
    this.coroutines = { alive: 0, running: 0, queued: 0, suspended: 0 };
    for (const job of this.jobs) {
      const parent = this.byKey.get(job.parent);
      job.above = parent ?? null;
      job.depth = parent ? parent.depth + 1 : 0;
      job.children = 0;
      // a key may be another job's later on, the number of a coroutine never is
      job.identity = known(job.id) ? `id ${job.id}` : `key ${job.key}`;
      job.found = null;
      job.launched_at = straight(job.launched_at);
      if (job.wait) job.wait.at = straight(job.wait.at);
      if (parent) parent.children += 1;
      this.byKey.set(job.key, job);
      this.byIdentity.set(job.identity, job);
      this.states.set(job.state, (this.states.get(job.state) ?? 0) + 1);
      if (job.kind === "coroutine") {
        this.coroutines.alive += 1;
        if (job.state in this.coroutines) this.coroutines[job.state] += 1;
      }
    }
    for (const { waiter, on, at } of this.waits) {
      const job = this.byKey.get(waiter);
      if (job && at) job.wait ??= { kind: on, at: straight(at), label: null };
    }
    for (const finding of this.findings) {
      finding.text = straight(finding.text);
      for (const key of finding.jobs ?? []) {
        const job = this.byKey.get(key);
        if (job) (job.found ??= []).push(finding);
      }
    }
  }

  // [state, how many], in the order of a life
  stateCounts() {
    const rank = (state) => {
      const at = STATES.indexOf(state);
      return at < 0 ? STATES.length : at;
    };
    return [...this.states].sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
  }

  // The jobs to show, in order, and how many of them are meant. Those above a job that is meant are shown too, with
  // `meant` false.
  shown(filter, collapsed) {
    const rows = [];
    const meant = new Map();
    let matches = 0;
    if (filter.isActive) {
      for (let at = this.jobs.length - 1; at >= 0; at -= 1) {
        const job = this.jobs[at];
        const itself = filter.matches(job);
        if (itself) matches += 1;
        if (itself || meant.has(job)) {
          meant.set(job, itself);
          if (job.above && !meant.has(job.above)) meant.set(job.above, false);
        }
      }
    } else {
      matches = this.jobs.length;
    }
    let hiddenBelow = Infinity;
    for (const job of this.jobs) {
      if (job.depth > hiddenBelow) continue;
      hiddenBelow = Infinity;
      if (filter.isActive && !meant.has(job)) continue;
      const isCollapsed = job.children > 0 && collapsed.has(job.identity);
      if (isCollapsed) hiddenBelow = job.depth;
      rows.push({ job, isCollapsed, isMeant: !filter.isActive || meant.get(job) });
    }
    return { rows, matches };
  }
}

// Words that must all occur, and states of which one must be the job's.
export class Filter {
  constructor(text, states) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.states = states;
    this.isActive = this.words.length > 0 || states.size > 0;
  }

  matches(job) {
    if (this.states.size > 0 && !this.states.has(job.state)) return false;
    if (this.words.length === 0) return true;
    const { wait } = job;
    const cancelled = job.cancelled ? "cancelled" : "";
    // one text, so that a word is looked for once
    const text = `${label(job)}\n${job.kind}\n${job.state}\n${cancelled}\n${job.launched_at ?? ""}\n` +
      `${job.dispatcher ?? ""}\n${wait ? `${wait.kind}\n${wait.at}\n${wait.label ?? ""}` : ""}`;
    const small = text.toLowerCase();
    return this.words.every((word) => small.includes(word));
  }
}
