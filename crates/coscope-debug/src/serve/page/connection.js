// The program: asks it for a dump, or for a history, and knows the token.

const KEPT = "coscope-debug-token";

export class TokenNeeded extends Error {}

export class Connection {
  constructor() {
    this.takeToken();
  }

  // From /?token=… or /#token=…, where it does not stay: it would be seen, and kept among the pages visited. The store is
  // the tab's and this port's, unlike a cookie.
  takeToken() {
    const { search, hash, pathname } = location;
    const given =
      new URLSearchParams(search).get("token") ?? new URLSearchParams(hash.slice(1)).get("token");
    if (given) {
      this.token = given;
      history.replaceState(null, "", pathname);
    }
  }

  get token() {
    return sessionStorage.getItem(KEPT);
  }

  set token(token) {
    sessionStorage.setItem(KEPT, token);
  }

  async dump() {
    const dump = await (await this.get("/api/dump")).json();
    if (dump.format !== "coscope-dump" || dump.version !== 1) throw new Error("the dump is of another format");
    return dump;
  }

  // null if nothing is known of it
  async history(id) {
    const answer = await this.get(`/api/history/${id}`, 404);
    return answer.status === 404 ? null : answer.json();
  }

  async get(path, allowed) {
    const headers = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    const answer = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(20_000) });
    if (answer.status === 401) throw new TokenNeeded();
    if (!answer.ok && answer.status !== allowed) throw new Error(await answer.text());
    return answer;
  }
}
