import type { Link } from "../../../core/base/index.ts";
import type { AwsPartContext } from "../../parts/index.ts";
import type { PublisherFacts } from "../facts.ts";

export interface GatherOptions extends AwsPartContext {
  readonly signal: AbortSignal;
  /** The addresses of a name; the system's resolver by default. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** No relying party beside AWS is looked at. */
  readonly awsOnly?: true;
  /** Asks the publisher of this stack, where one runs on this machine. */
  readonly publisher?: (signal: AbortSignal) => Promise<PublisherFacts | undefined>;
}

/** Whether one of these links is to be reported on. */
export type LinkFilter = (...links: readonly Link[]) => boolean;
