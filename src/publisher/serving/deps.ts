import type { Logger } from "../../core/base/index.ts";
import type { ChallengeAnswers } from "../contract.ts";
import type { Connections } from "../../core/listener/index.ts";
import type { SecureContexts } from "./contexts.ts";
import type { HttpDate } from "./http-date.ts";
import type { ServingLimits } from "../serving-limits.ts";
import type { Site } from "./site.ts";
import type { Tallies } from "./tallies.ts";

/** What every listener of a publisher shares. */
export interface ServingDeps {
  readonly site: () => Site;
  readonly connections: Connections;
  readonly date: HttpDate;
  readonly limits: ServingLimits;
  readonly tallies: Tallies;
  readonly logger: Logger;
}

export interface HttpsDeps extends ServingDeps {
  readonly contexts: () => SecureContexts;
  readonly challenges: () => ChallengeAnswers;
}
