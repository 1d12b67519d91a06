import type { RelyingPartyName } from "../../rules/oidc/index.ts";
import type { LegacyToken, RotationFacts, RotationTimes } from "../../rules/rotation/index.ts";
import type { PodTokens, TokenRules } from "../../rules/tokens/index.ts";
import type { RecordStore } from "../record/index.ts";
import type { RotatedServer } from "./rotated-server.ts";
import type { Sights } from "./sights.ts";

/** Where a rotation looks. */
export interface RotationSources {
  readonly servers: readonly RotatedServer[];
  readonly record: RecordStore;
  published(signal: AbortSignal): Promise<Sights>;
  pods(signal: AbortSignal): Promise<readonly PodTokens[]>;
  legacy(signal: AbortSignal): Promise<readonly LegacyToken[]>;
  readonly times: RotationTimes;
  /** Relying parties of the config: each has to verify a key before it signs. */
  readonly parties?: readonly RelyingPartyName[];
  /** A person accepts what nobody has run yet. */
  readonly untried?: boolean;
  /** Called where the servers' record cannot be read or written, and nothing is stopped by it; absent: it is an error. */
  readonly onUnkept?: (why: string) => void;
}

/** The result of one look. */
export interface RotationView {
  readonly facts: RotationFacts;
  readonly pods: readonly PodTokens[];
  readonly rules: TokenRules;
  /** Why an address family shows nothing: sentences. */
  readonly unpublished: readonly string[];
  /** What is to be said of the record: sentences. */
  readonly notes: readonly string[];
}
