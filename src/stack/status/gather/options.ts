import type { Link } from "../../../core/base/index.ts";
import type { AwsPartContext } from "../../parts/index.ts";
import type { IssuerFacts, PublisherFacts } from "../facts.ts";

export interface GatherOptions extends AwsPartContext {
  readonly signal: AbortSignal;
  /** Resolves a name to addresses; the system's resolver by default. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** What the issuer serves, from a caller that reads it for more than this; read here by default. */
  readonly issuerFacts?: () => Promise<IssuerFacts>;
  /** No relying party beside AWS is read. */
  readonly awsOnly?: true;
  /** Asks the publisher of this stack, if one runs on this machine. */
  readonly publisher?: (signal: AbortSignal) => Promise<PublisherFacts | undefined>;
}

/** Whether one of these links is reported on. */
export type LinkFilter = (...links: readonly Link[]) => boolean;
