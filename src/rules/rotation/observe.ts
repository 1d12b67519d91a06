import { defined } from "../../core/base/index.ts";
import type { RotationFacts, ServerKeys } from "./facts.ts";
import { type KeyRecord, type QuietRecord, rememberedOf, type RotationRecord } from "./record.ts";

/** Whether every API server verifies a key and all that is published shows it; undefined where it is not known. */
function everywhere({ servers, unanswered, published }: RotationFacts, kid: string): boolean | undefined {
  const read = published.flatMap(({ kids }) => (kids === undefined ? [] : [kids]));
  const lacks = [...servers.map(({ verifies }) => verifies), ...read].some((kids) => !kids.includes(kid));
  if (lacks) return false;
  const isUnread = unanswered.length > 0 || read.length < published.length;
  return isUnread || servers.length === 0 || published.length === 0 ? undefined : true;
}

function observedKey(facts: RotationFacts, kid: string): KeyRecord {
  const { now, servers, unanswered, record } = facts;
  const { everywhereSince, signsSince, retiredAt, distrustedAt } = rememberedOf(record, kid);
  const is = everywhere(facts, kid);
  const since = is === undefined ? everywhereSince : is ? (everywhereSince ?? now) : undefined;
  const seen = { kid, ...defined({ everywhereSince: since, distrustedAt }) };
  if (servers.some(({ signs }) => signs === kid)) return { ...seen, signsSince: signsSince ?? now };
  const known = unanswered.length === 0 && servers.every(({ signs }) => signs !== undefined);
  const waits = record.next === kid && signsSince === undefined;
  const retired = known && !waits ? (retiredAt ?? now) : retiredAt;
  return { ...seen, ...defined({ signsSince, retiredAt: retired }) };
}

function observedQuiet({ now, record }: RotationFacts, { name, stale }: ServerKeys): readonly QuietRecord[] {
  // A look that failed proves nothing: the counter may have risen and started anew meanwhile.
  if (stale === undefined) return [];
  const { count, startedAt } = stale;
  const before = record.quiet.find(({ server }) => server === name);
  const stands = before?.count === count && before.startedAt === startedAt;
  return [{ server: name, count, startedAt, since: stands ? before.since : now }];
}

function kidsOf({ servers, published, record }: RotationFacts): readonly string[] {
  const atServers = servers.flatMap(({ verifies, signs, files }) => [
    ...verifies,
    ...files.verify,
    ...(signs === undefined ? [] : [signs]),
  ]);
  // What may have signed is remembered while anything shows it, and the next key before anything does.
  const next = record.next === undefined ? [] : [record.next];
  return [...new Set([...atServers, ...published.flatMap(({ kids = [] }) => kids), ...next])];
}

/**
 * What is to be remembered after a look: since when each key is everywhere, signs, or no longer signs, and how long
 * each server's count of stale tokens has not changed. A key that every API server signs with is no longer the next
 * one.
 */
export function observe(facts: RotationFacts): RotationRecord {
  const { servers, record, unanswered } = facts;
  const { next, sealed, ...rest } = record;
  const promoted =
    unanswered.length === 0 && servers.length > 0 && servers.every(({ signs }) => signs === next);
  return {
    ...rest,
    ...(promoted ? {} : defined({ next, sealed })),
    keys: kidsOf(facts).map((kid) => observedKey(facts, kid)),
    quiet: servers.flatMap((server) => observedQuiet(facts, server)),
  };
}
