import { relyingParties } from "./relying-parties.ts";

/** A point in time and why it is that one. */
export interface Instant {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly why: string;
}

/** How long relying parties may use a JWK Set that they have fetched. */
export interface JwksCaches {
  /** Milliseconds: max-age of the publisher's Cache-Control. */
  readonly publisher: number;
  /** Milliseconds for which a relying party is taken to keep a set beyond that; AWS's by default. */
  readonly relyingParty?: number;
}

export interface RotationInput {
  /** When the new key was first seen in the cluster's JWK Set; milliseconds since the epoch. */
  readonly createdAt: number;
  /** When the new key is first known to have signed; undefined before that. */
  readonly promotedAt?: number;
  /** Milliseconds between two polls of the cluster by a publisher. */
  readonly poll: number;
  readonly caches: JwksCaches;
  /** Milliseconds: the life of the longest token that the old key signed. */
  readonly maxToken: number;
}

/** The moves of a rotation, in their order. */
export interface RotationTimeline {
  readonly created: Instant;
  /** Every publisher of the issuer has seen the new key by then. */
  readonly published: Instant;
  /** From then on no cache that keeps to Cache-Control holds a set without it. */
  readonly visible: Instant;
  /** From then on no relying party does either, and it may sign. */
  readonly maySign: Instant;
  /** When it did begin to sign, if it did. */
  readonly promoted: Instant | undefined;
  /** True when it began to sign too early: some of its tokens may have been refused. */
  readonly promotedEarly: boolean;
  /** When the old key's last token expires; counted from `maySign` as long as the new one does not sign. */
  readonly expired: Instant;
  /** From then on AWS would accept no token of the old key anyway, so distrusting it refuses none. */
  readonly mayDistrust: Instant;
  /** When an old key that is removed then has left every cache. */
  readonly forgotten: Instant;
}

/** AWS accepts a token up to 300 s after its exp (observed; docs/reference/sts-rules.md). */
export const awsSkewSeconds = 300;

function checked(value: number, name: string): number {
  if (!Number.isFinite(value) || value < 0)
    throw new TypeError(`${name} must be a number of milliseconds, not ${value}`);
  return value;
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

function cachesOf({
  publisher,
  relyingParty = relyingParties.aws.keys.fetchedMs,
}: JwksCaches): Required<JwksCaches> {
  return {
    publisher: checked(publisher, "caches.publisher"),
    relyingParty: checked(relyingParty, "caches.relyingParty"),
  };
}

/** When a key that is taken out at `at` has left every cache that keeps to Cache-Control, and when every other. */
export function forgottenAt(
  at: number,
  caches: JwksCaches,
): { readonly visible: number; readonly all: number } {
  const { publisher, relyingParty } = cachesOf(caches);
  const visible = checked(at, "at") + publisher;
  return { visible, all: visible + relyingParty };
}

/**
 * When the new key of a rotation may sign and the old one be removed, so that no valid token is ever refused. All times
 * are milliseconds; a TypeError names an invalid one.
 */
export function rotationTimeline(input: RotationInput): RotationTimeline {
  const caches = cachesOf(input.caches);
  const created = checked(input.createdAt, "createdAt");
  const poll = checked(input.poll, "poll");
  const token = checked(input.maxToken, "maxToken");
  const published = created + poll;
  const visible = published + caches.publisher;
  const maySign = visible + caches.relyingParty;
  const { promotedAt } = input;
  const signs = promotedAt === undefined ? maySign : checked(promotedAt, "promotedAt");
  const since = promotedAt === undefined ? "the new key may sign" : "the new key signs";
  const expired = signs + token;
  const mayDistrust = expired + awsSkewSeconds * 1000;
  return {
    created: {
      at: created,
      why: "The new key stands in the cluster's JWK Set; the old one keeps signing.",
    },
    published: {
      at: published,
      why: `A publisher reads the cluster every ${seconds(poll)}: each has the new key by then.`,
    },
    visible: {
      at: visible,
      why: `A set without the new key may be kept for ${seconds(caches.publisher)} of Cache-Control.`,
    },
    maySign: {
      at: maySign,
      why: `Relying parties do not say how long they keep a set; it is taken to be ${seconds(caches.relyingParty)} beyond Cache-Control.`,
    },
    promoted: promotedAt === undefined ? undefined : { at: promotedAt, why: "A token was signed with it." },
    promotedEarly: signs < maySign,
    expired: {
      at: expired,
      why: `The last token of the old key, made just before ${since}, lives ${seconds(token)}.`,
    },
    mayDistrust: {
      at: mayDistrust,
      why: `AWS accepts a token for ${awsSkewSeconds} s after it expired.`,
    },
    forgotten: {
      at: forgottenAt(mayDistrust, caches).all,
      why: `A set with the old key may be kept for ${seconds(caches.publisher)} of Cache-Control and ${seconds(caches.relyingParty)} by relying parties beyond that.`,
    },
  };
}
