import type { Clock, Logger } from "../../core/base/index.ts";
import type { PublishedIssuer } from "../issuer.ts";
import type { Publisher } from "../contract.ts";
import type { Connections } from "../../core/listener/index.ts";
import type { Tallies } from "../serving/tallies.ts";

/** What the second listener shows. */
export interface AdminView {
  readonly publisher: Pick<Publisher, "status">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tallies: Tallies;
  readonly connections: Connections;
  readonly issuers: () => readonly Pick<
    PublishedIssuer,
    "settings" | "tallies" | "targetTallies" | "notRoutable"
  >[];
}
