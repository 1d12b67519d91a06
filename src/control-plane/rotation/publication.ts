import { defined } from "../../core/base/index.ts";
import {
  type Config,
  declaredParties,
  fetchingParties,
  type PublisherConfig,
  publisherOf,
} from "../../config/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import { relyingParties, uploadedFor } from "../../rules/oidc/index.ts";
import type { RotationTimes } from "../../rules/rotation/index.ts";
import { type KeyRecipient, type Sights, sightsOf } from "./sights.ts";

type KeptTimes = Pick<PublisherConfig, "pollInterval" | "relyingPartyCache">;

/** Milliseconds between two looks of an operator that uploads keys. */
const uploadPoll = 10_000;

export interface PublicationOptions {
  readonly config: Config;
  readonly route: IssuerRoute;
  /** Places of relying parties with uploaded keys: a key signs only once they have it. */
  readonly given?: readonly KeyRecipient[];
  readonly seenThroughProxy?: boolean;
  /** Milliseconds: max-age of the publisher's Cache-Control. */
  readonly publisherCache: number;
}

/** What a config's relying parties are shown, and how long they may use what they were shown before. */
export interface Publication {
  readonly times: RotationTimes;
  readonly look: (signal: AbortSignal) => Promise<Sights>;
}

/** Throws `config-without-publisher` where a relying party fetches what somebody else serves. */
export function publicationOf(options: PublicationOptions): Publication {
  const { config, route, given, publisherCache, seenThroughProxy } = options;
  // Parties with uploaded keys read no documents, and have no cache of them.
  const isFetched = fetchingParties(config).length > 0;
  const kept: KeptTimes = isFetched
    ? publisherOf(config)
    : (config.publisher ?? { pollInterval: uploadPoll });
  const { pollInterval: poll, relyingPartyCache = relyingParties.aws.keys.fetchedMs } = kept;
  const sights = { route, isFetched, ...defined({ given, seenThroughProxy }) };
  return {
    times: isFetched
      ? { poll, publisherCache, relyingPartyCache }
      : { poll, publisherCache: 0, relyingPartyCache: uploadedFor(declaredParties(config)) },
    look: (signal) => sightsOf(config.issuer, sights, signal),
  };
}
