import type { Algorithm } from "../oidc/index.ts";

/** `next` is served and signs nothing yet, `current` signs, `previous` is served and no longer signs. */
export type SignerKeyState = "next" | "current" | "previous";

/** A key of a cluster's tokens, as the signer's list has it: no private member. */
export interface RingKey {
  /** `kid` of the tokens; Kubernetes takes up to 1024 bytes. */
  readonly kid: string;
  readonly alg: Algorithm;
  /** DER SubjectPublicKeyInfo, base64. */
  readonly publicKey: string;
  /** Where the private half is: `file:NAME` in the signer's folder, or another holder's URI. Absent: it verifies only. */
  readonly holder?: string;
  readonly state: SignerKeyState;
  /** Left out of the API server's JWK Set (`exclude_from_oidc_discovery`): it verifies inside the cluster alone. */
  readonly excluded: boolean;
  /** Since when it is in this state, in milliseconds since the epoch. */
  readonly since: number;
  /**
   * When what is published was first seen to show it, likewise; a key that has signed counts as published since then.
   * Absent while nobody has looked, and once it was left out.
   */
  readonly publishedSince?: number;
}

/** All keys of a signer. One of them is `current`, at most one is `next`. */
export interface Ring {
  readonly keys: readonly RingKey[];
  /** Of the last change, in milliseconds since the epoch. */
  readonly changedAt: number;
}

/** IAM takes 100 of a type; a cluster that rotates has three. */
export const maxRingKeys = 32;

export const emptyRing: Ring = { keys: [], changedAt: 0 };

/** The key that signs; undefined in an empty ring alone. */
export const currentOf = ({ keys }: Ring): RingKey | undefined =>
  keys.find(({ state }) => state === "current");

/** The key that will sign, where there is one. */
export const nextOf = ({ keys }: Ring): RingKey | undefined => keys.find(({ state }) => state === "next");

export const keyOf = ({ keys }: Ring, kid: string): RingKey | undefined =>
  keys.find((key) => key.kid === kid);
