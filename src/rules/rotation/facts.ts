import type { RelyingPartyName } from "../oidc/index.ts";
import type { TokenLives } from "../tokens/index.ts";
import type { RotationRecord } from "./record.ts";

/** The key files of one API server, as they are on its machine. Key IDs. */
export interface KeyFiles {
  /** In their order: some distributions sign with the first. */
  readonly verify: readonly string[];
  /** What it signs with from its next start on. */
  readonly signing: string;
  /** Keys whose private half is on the machine. */
  readonly privates: readonly string[];
}

/** One API server, asked at its own address. Key IDs. */
export interface ServerKeys {
  readonly name: string;
  /** Of its own JWK Set. */
  readonly verifies: readonly string[];
  /** Of those, what each signs with, as its JWK Set says. */
  readonly algorithms?: Readonly<Record<string, string>>;
  /** Of the token that it made just now; undefined where it made none. */
  readonly signs: string | undefined;
  readonly files: KeyFiles;
  /**
   * The counter serviceaccount_stale_tokens_total, and when the server was started, which begins it anew (milliseconds
   * since the epoch); undefined where they could not be read.
   */
  readonly stale: { readonly count: number; readonly startedAt: number } | undefined;
  /** What it runs with and will not be started with again, a sentence's end; absent where both agree or one is not known. */
  readonly differs?: string;
  /** The distribution of the files on its machine; absent where that is not known. */
  readonly distribution?: "kubeadm" | "k3s" | "rke2";
  /** Of k3s and RKE2, where it is known. */
  readonly datastore?: "embedded-etcd" | "other";
  /** Of the API server: `v1.31.1+k3s1`. */
  readonly version?: string;
  /** What the controller manager of its machine signs tokens in Secrets with; absent where that is not known. */
  readonly controllerManager?: readonly string[];
}

/** What is published as seen from one side: over one family of addresses, or at a relying party that is given the keys. */
export interface Sight {
  /** For sentences: `over IPv4`. */
  readonly where: string;
  /** Undefined where it is not known: no key is promoted past it, and no wait that is running begins anew. */
  readonly kids: readonly string[] | undefined;
}

/** What the waits follow from; milliseconds. */
export interface RotationTimes {
  /** Between two looks of a publisher at the cluster. */
  readonly poll: number;
  /** max-age of the publisher's Cache-Control. */
  readonly publisherCache: number;
  /** How long a relying party uses a set beyond that. */
  readonly relyingPartyCache: number;
}

/** A token in a Secret, which never expires. */
export interface LegacyToken {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  readonly kid: string;
  /** Day of its last use, milliseconds since the epoch; undefined while none is known. */
  readonly lastUsed: number | undefined;
}

/** All facts that decide about a move of a rotation. Times are milliseconds since the epoch. */
export interface RotationFacts {
  readonly now: number;
  /** Those that answered. */
  readonly servers: readonly ServerKeys[];
  /** Those of the cluster that did not. */
  readonly unanswered: readonly { readonly name: string; readonly why: string }[];
  /**
   * One for each family of addresses that the issuer's name has, where a relying party fetches, and one for each place
   * that is given the keys; empty while nothing can be read.
   */
  readonly published: readonly Sight[];
  readonly record: RotationRecord;
  readonly times: RotationTimes;
  readonly lives: TokenLives;
  readonly legacy: readonly LegacyToken[];
  /** A person accepts what nobody has run yet: `--untried`. */
  readonly untried?: boolean;
  /** Those of the config, each of which has to verify the key that signs. */
  readonly parties?: readonly RelyingPartyName[];
}
