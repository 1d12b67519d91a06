/** A point in time and why it is that one. */
export interface Instant {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly why: string;
}

export interface CacheTimes {
  /** How long an answer of the publisher may be kept: its Cache-Control max-age, in seconds. */
  readonly publisherCacheSeconds: number;
  /** How long AWS is taken to keep keys beyond that, in seconds: it documents nothing. */
  readonly awsCacheSeconds: number;
}

export interface RotationInput extends CacheTimes {
  /** When the new key first stood in the JWK Set of every API server; seconds since the epoch. */
  readonly createdAt: number;
  /** The longest time between two polls of the publisher, in seconds. */
  readonly pollSeconds: number;
  /** The life of the longest token that the old key signed, in seconds. */
  readonly longestTokenSeconds: number;
  /** How much AWS forgives clocks; 300 s unless told. */
  readonly skewSeconds?: number;
  /** When the last API server began to sign with the new key; undefined while one still uses the old. */
  readonly promotedAt?: number;
}

export interface RotationTimeline {
  readonly created: Instant;
  /** The publisher has seen the new key by then. */
  readonly published: Instant;
  /** From then on the new key may sign: nobody holds a set without it any more. */
  readonly promotable: Instant;
  /** When it did begin to sign, if it did. */
  readonly promoted: Instant | undefined;
  /** True when it began to sign before it might: some of its tokens may have been refused. */
  readonly promotedEarly: boolean;
  /** From then on the old key may be taken out; counted from `promotable` as long as the new one does not sign. */
  readonly droppable: Instant;
  /** When a key taken out at `droppable` is known to nobody any more. */
  readonly forgotten: Instant;
}

/** AWS accepts a token up to 300 s after its exp. */
export const awsSkewSeconds = 300;

function checked(value: number, name: string): number {
  if (!Number.isFinite(value) || value < 0)
    throw new TypeError(`${name} must be a number of seconds, not ${value}`);
  return value;
}

function cacheSeconds(times: CacheTimes): number {
  return (
    checked(times.publisherCacheSeconds, "publisherCacheSeconds") +
    checked(times.awsCacheSeconds, "awsCacheSeconds")
  );
}

/**
 * When the new key of a rotation may be promoted and the old one dropped, so that no valid token is ever refused.
 * All times are seconds; a TypeError says which one is none.
 */
export function rotationTimeline(input: RotationInput): RotationTimeline {
  const { publisherCacheSeconds, awsCacheSeconds, promotedAt } = input;
  const created = checked(input.createdAt, "createdAt");
  const poll = checked(input.pollSeconds, "pollSeconds");
  const token = checked(input.longestTokenSeconds, "longestTokenSeconds");
  const skew = checked(input.skewSeconds ?? awsSkewSeconds, "skewSeconds");
  const caches = cacheSeconds(input);
  const promotable = created + poll + caches;
  const signs = promotedAt === undefined ? promotable : checked(promotedAt, "promotedAt");
  const since = promotedAt === undefined ? "the new key may sign" : "the new key signs";
  const droppable = signs + token + skew;
  return {
    created: {
      at: created,
      why: "The new key stands in the cluster's JWK Set; the old one goes on signing.",
    },
    published: {
      at: created + poll,
      why: `The publisher reads the cluster every ${poll} s, so it has the new key by then.`,
    },
    promotable: {
      at: promotable,
      why: `A set without the new key may be kept for ${publisherCacheSeconds} s of the publisher's Cache-Control and ${awsCacheSeconds} s by AWS; after that everybody who verifies knows it.`,
    },
    promoted:
      promotedAt === undefined
        ? undefined
        : { at: promotedAt, why: "Every API server signs with the new key; the old one signs no more." },
    promotedEarly: signs < promotable,
    droppable: {
      at: droppable,
      why: `The last token of the old key, made just before ${since}, lives ${token} s, and AWS accepts it for ${skew} s more.`,
    },
    forgotten: {
      at: droppable + poll + caches,
      why: `Taken out of the cluster then, the old key is gone from the publisher after ${poll} s and from every cache ${caches} s later.`,
    },
  };
}

/** When a key that the publisher was told to distrust at `at` is accepted by nobody any more. */
export function distrustEffective(at: number, times: CacheTimes): Instant {
  const caches = cacheSeconds(times);
  return {
    at: checked(at, "at") + caches,
    why: `The publisher leaves the key out at once; a set with it may be kept for ${times.publisherCacheSeconds} s of its Cache-Control and ${times.awsCacheSeconds} s by AWS.`,
  };
}
