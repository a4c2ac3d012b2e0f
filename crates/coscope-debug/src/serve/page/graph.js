// Who waits for whom, as a graph: coroutines and the resources between them. Decides what is drawn and where; knows
// nothing of the page.

import { label } from "./forest.js";

const MOST_RESOURCES = 12;
const MOST_WAITERS = 3; // at one resource; the others become one node

// Nodes of kind job, resource or more; edges with `isCycle`.
export function readGraph(forest) {
  const resources = new Map();
  for (const wait of forest.waits) {
    const name = `${wait.on} ${wait.resource}`;
    let resource = resources.get(name);
    if (!resource) {
      resource = { name, on: wait.on, which: wait.resource, holder: wait.holder, waiters: [] };
      resources.set(name, resource);
    }
    resource.waiters.push(wait.waiter);
  }
  const circle = onCycle(resources, forest.findings);
  const rank = (resource) =>
    (circle.has(resource.name) ? 1e9 : 0) + (resource.holder === null ? 0 : 1e6) + resource.waiters.length;
  const chosen = [...resources.values()].sort((a, b) => rank(b) - rank(a)).slice(0, MOST_RESOURCES);

  const graph = { nodes: new Map(), edges: [], waits: forest.waits.length, resources: resources.size };
  graph.left = resources.size - chosen.length;
  const node = (name, rest) => {
    if (!graph.nodes.has(name)) graph.nodes.set(name, { name, isCycle: circle.has(name), ...rest });
    return name;
  };
  const job = (key) => {
    const found = forest.byKey.get(key);
    return node(`job ${key}`, { kind: "job", job: found, text: found ? label(found) : `key ${key}` });
  };
  const edge = (from, to, rest = {}) => {
    graph.edges.push({ from, to, isCycle: circle.has(from) && circle.has(to), ...rest });
  };
  const holders = new Set(chosen.map((resource) => resource.holder));
  for (const resource of chosen) {
    const place = node(resource.name, { kind: "resource", text: resource.on, title: resource.name });
    const weight = (key) => (circle.has(`job ${key}`) ? 2 : 0) + (holders.has(key) ? 1 : 0);
    const heavy = resource.waiters.filter((key) => weight(key) > 0).sort((a, b) => weight(b) - weight(a));
    const light = resource.waiters.filter((key) => weight(key) === 0);
    const waiters = heavy.concat(light);
    // one more than a single waiter is a waiter, not "1 more"
    const shown = waiters.length === MOST_WAITERS + 1 ? waiters.length : MOST_WAITERS;
    for (const key of waiters.slice(0, shown)) edge(job(key), place);
    const more = waiters.length - shown;
    if (more > 0) edge(node(`more ${resource.name}`, { kind: "more", text: `${more.toLocaleString("en-US")} more` }), place);
    if (resource.holder !== null) edge(place, job(resource.holder));
  }
  // a circle may also go by way of a scope that waits for its child
  for (const finding of forest.findings) {
    if (finding.kind !== "deadlock") continue;
    finding.jobs.forEach((key, at) => {
      const next = finding.jobs[(at + 1) % finding.jobs.length];
      const between = chosen.some((one) => one.holder === next && one.waiters.includes(key));
      if (!between) edge(job(key), job(next), { isCycle: true, text: "waits for" });
    });
  }
  return graph;
}

// The names of what lies on a circle: takes away, again and again, what waits for nothing and what nothing waits for.
function onCycle(resources, findings) {
  const out = new Map();
  const into = new Map();
  const edge = (from, to) => {
    for (const [map, key, value] of [[out, from, to], [into, to, from]]) {
      if (!map.has(key)) map.set(key, new Set());
      map.get(key).add(value);
    }
  };
  // who holds nothing is waited for by nobody: nearly all, in a large program
  const holders = new Set([...resources.values()].map((resource) => resource.holder));
  for (const resource of resources.values()) {
    if (resource.holder === null) continue;
    edge(resource.name, `job ${resource.holder}`);
    for (const key of resource.waiters) if (holders.has(key)) edge(`job ${key}`, resource.name);
  }
  for (const finding of findings) {
    if (finding.kind !== "deadlock") continue;
    finding.jobs.forEach((key, at) => edge(`job ${key}`, `job ${finding.jobs[(at + 1) % finding.jobs.length]}`));
  }
  for (const [ahead, behind] of [[out, into], [into, out]]) {
    const free = [...behind.keys()].filter((name) => !ahead.get(name)?.size);
    while (free.length > 0) {
      const name = free.pop();
      for (const other of behind.get(name) ?? []) {
        ahead.get(other).delete(name);
        if (ahead.get(other).size === 0) free.push(other);
      }
      behind.delete(name);
    }
  }
  return new Set([...out.keys()].filter((name) => out.get(name).size > 0 && into.get(name)?.size > 0));
}

// Gives each node a column, from those who wait to those who are waited for, and a row; marks edges that close a
// circle with `isBack`. Components stand below each other.
export function layOut(graph) {
  const out = new Map([...graph.nodes.keys()].map((name) => [name, []]));
  const near = new Map([...graph.nodes.keys()].map((name) => [name, []]));
  const waited = new Set();
  for (const edge of graph.edges) {
    out.get(edge.from).push(edge);
    near.get(edge.from).push(edge.to);
    near.get(edge.to).push(edge.from);
    waited.add(edge.to);
  }
  const column = new Map();
  const open = new Set();
  const visit = (name) => {
    open.add(name);
    let own = 0; // the longest way from here to the right
    for (const edge of out.get(name)) {
      edge.isBack = open.has(edge.to);
      if (edge.isBack) continue;
      if (!column.has(edge.to)) visit(edge.to);
      own = Math.max(own, column.get(edge.to) + 1);
    }
    open.delete(name);
    column.set(name, own);
  };
  const order = [...graph.nodes.keys()].sort((a, b) => waited.has(a) - waited.has(b));
  for (const name of order) if (!column.has(name)) visit(name);

  let top = 0;
  const placed = new Set();
  for (const first of graph.nodes.keys()) {
    if (placed.has(first)) continue;
    const component = [first];
    placed.add(first);
    for (const name of component) {
      for (const other of near.get(name)) {
        if (placed.has(other)) continue;
        placed.add(other);
        component.push(other);
      }
    }
    const right = Math.max(...component.map((name) => column.get(name)));
    const columns = [];
    for (const name of component) (columns[right - column.get(name)] ??= []).push(name);
    const height = Math.max(...columns.map((names) => names?.length ?? 0));
    const hasBack = graph.edges.some((edge) => edge.isBack && component.includes(edge.from));
    columns.forEach((names, x) => {
      names.forEach((name, at) => {
        Object.assign(graph.nodes.get(name), { x, y: top + (height - names.length) / 2 + at });
      });
    });
    for (const name of component) graph.nodes.get(name).bottom = top + height;
    top += height + (hasBack ? 0.9 : 0.35);
  }
  graph.columns = 1 + Math.max(-1, ...[...graph.nodes.values()].map((node) => node.x));
  graph.rows = top;
  return graph;
}
