import type { RotationFacts, ServerKeys } from "../../src/rules/rotation/index.ts";
import { emptyRecord } from "../../src/rules/rotation/index.ts";

/** A moment to count from. */
export const start: number = Date.parse("2026-11-28T12:00:00Z");
export const second = 1000;
export const minute: number = 60 * second;
export const hour: number = 60 * minute;
export const day: number = 24 * hour;

/** An API server that verifies and has on its disk the given keys, the first of which signs. */
export function serverWith(
  name: string,
  kids: readonly string[],
  more: Partial<ServerKeys> = {},
): ServerKeys {
  const [signing = ""] = kids;
  return {
    name,
    verifies: kids,
    signs: signing,
    files: { verify: kids, signing, privates: kids },
    stale: { count: 0, startedAt: 0 },
    ...more,
  };
}

/** A cluster of two API servers that sign with "old", published over both families of addresses. */
export function rotationFacts(more: Partial<RotationFacts> = {}): RotationFacts {
  const { servers = [serverWith("a", ["old"]), serverWith("b", ["old"])] } = more;
  const kids = [...new Set(servers.flatMap(({ verifies }) => verifies))];
  return {
    now: start,
    servers,
    unanswered: [],
    published: [
      { where: "over IPv4", kids },
      { where: "over IPv6", kids },
    ],
    record: emptyRecord,
    times: { poll: 10 * second, publisherCache: minute, relyingPartyCache: hour },
    lives: {
      outside: { ms: day, of: "pod shop/web" },
      api: { ms: hour, of: "pod shop/web" },
      extended: { ms: 365 * day, of: "pod shop/web" },
      lasting: [],
    },
    legacy: [],
    ...more,
  };
}

/** The same two, with "new" prepared everywhere since `since`. */
export function preparedFacts(since: number, more: Partial<RotationFacts> = {}): RotationFacts {
  const servers = ["a", "b"].map((name) => serverWith(name, ["old", "new"]));
  const record = { ...emptyRecord, next: "new", keys: [{ kid: "new", everywhereSince: since }] };
  return rotationFacts({ servers, record, ...more });
}
