import type { RotationFacts } from "./facts.ts";
import { rememberedOf } from "./record.ts";

/** The state of a key in the whole cluster: at all its API servers, and in what is published. */
export type RotationState =
  /** Meant to sign; it signs nothing yet. */
  | "next"
  /** An API server signs with it. */
  | "current"
  /** No longer signs, and is verified or published somewhere. */
  | "previous"
  /** Neither verified nor published anywhere. */
  | "out";

/** A key across all API servers. */
export interface KeyAcross {
  readonly kid: string;
  readonly state: RotationState;
  /** Names of the API servers that sign with it. */
  readonly signsAt: readonly string[];
  /** Names of the API servers that do not verify it. */
  readonly missingAt: readonly string[];
  /** Where it is not seen to be published: `over IPv4`. */
  readonly unpublishedOn: readonly string[];
  /** Of those, the ones that could not be read: it may be published there. */
  readonly unreadOn: readonly string[];
  /** It is verified by some API server, or published over some family. */
  readonly verified: boolean;
  readonly published: boolean;
}

/** The facts that decide a key's state. */
type KeySights = Pick<RotationFacts, "servers" | "published" | "record">;

function stateOf(facts: KeySights, key: Omit<KeyAcross, "state">): RotationState {
  if (key.signsAt.length > 0) return "current";
  const { signsSince } = rememberedOf(facts.record, key.kid);
  if (facts.record.next === key.kid && signsSince === undefined) return "next";
  return key.verified || key.published ? "previous" : "out";
}

/** One key across all API servers that answered. */
export function keyAcross(facts: KeySights, kid: string): KeyAcross {
  const { servers, published } = facts;
  const missing = servers.filter(({ verifies }) => !verifies.includes(kid));
  const unpublished = published.filter(({ kids }) => kids?.includes(kid) !== true);
  const key = {
    kid,
    signsAt: servers.filter(({ signs }) => signs === kid).map(({ name }) => name),
    missingAt: missing.map(({ name }) => name),
    unpublishedOn: unpublished.map(({ where }) => where),
    unreadOn: unpublished.filter(({ kids }) => kids === undefined).map(({ where }) => where),
    verified: missing.length < servers.length,
    published: unpublished.length < published.length,
  };
  return { ...key, state: stateOf(facts, key) };
}

const order: readonly RotationState[] = ["current", "next", "previous", "out"];

/** Every key that is known, those that sign first. */
export function keysAcross(facts: RotationFacts): readonly KeyAcross[] {
  const kids = new Set([
    ...facts.servers.flatMap(({ verifies, signs }) => [...verifies, ...(signs === undefined ? [] : [signs])]),
    ...facts.published.flatMap(({ kids: shown = [] }) => shown),
    ...(facts.record.next === undefined ? [] : [facts.record.next]),
  ]);
  return [...kids]
    .map((kid) => keyAcross(facts, kid))
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
}
