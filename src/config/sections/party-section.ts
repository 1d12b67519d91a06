import type { ServiceAccountName } from "../../rules/oidc/index.ts";
import type { Config, ConfiguredParties } from "../config.ts";
import type { ConfigRule } from "../mistakes/rule.ts";
import type { ConfigSource } from "../paths.ts";
import type { ConfigInput } from "../schema.ts";

/** An audience that a ServiceAccount's token may have, and what in the config requires it. */
export interface ConfiguredAudience {
  /** `project my-project, service account web@…`: what the token is for. */
  readonly what: string;
  readonly audience: string;
}

/**
 * What the section of one relying party adds to the reading of a config, beside its schema. Loaded where a config has
 * the section.
 */
export interface PartySection {
  /** What has to fit together in it. */
  readonly rules: readonly ConfigRule[];
  /** The section with defaults; the input has passed schema and rules. */
  resolve(input: ConfigInput, source: ConfigSource): Partial<ConfiguredParties>;
  /** The audiences of the tokens that a ServiceAccount presents by this section; empty where it is not named there. */
  audiences(config: Config, account: ServiceAccountName): Promise<readonly ConfiguredAudience[]>;
}
