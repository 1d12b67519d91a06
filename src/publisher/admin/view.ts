import type { Clock, Logger } from "../../base/index.ts";
import type { Publisher } from "../publisher.ts";
import type { Connections } from "../serving/connections.ts";
import type { Tallies } from "../serving/tallies.ts";
import type { SourceTallies } from "../source/source.ts";
import type { PreparedStack } from "../stacks.ts";
import type { TargetTallies } from "../target/loop.ts";

/** What the second listener shows. */
export interface AdminView {
  readonly publisher: Pick<Publisher, "status">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tallies: Tallies;
  readonly connections: Connections;
  readonly sources: () => readonly {
    readonly prepared: PreparedStack;
    readonly tallies: SourceTallies;
    /** Of what is published elsewhere. */
    readonly target: TargetTallies | undefined;
  }[];
}
