import { defined, mapped, PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { publisherStatus } from "../../publisher/index.ts";
import type { PublisherFacts } from "../../stack/index.ts";

/** The status of this stack's publisher; undefined if none with this state directory answers here. */
export async function publisherFacts({
  publisher,
  issuer,
}: Pick<Config, "publisher" | "issuer">): Promise<PublisherFacts | undefined> {
  if (publisher === undefined) return undefined;
  try {
    const { issuers } = await publisherStatus(publisher.stateDir);
    const ours = issuers.find((one) => one.issuer === issuer);
    if (ours === undefined) return undefined;
    const { keys, certificate } = ours;
    const refused = certificate?.failing;
    // An answer that must not be published keeps a new key unpublished just as no answer does.
    const blind = ours.blind ?? ours.failing;
    return {
      distrusted: keys.filter(({ state }) => state === "distrusted").map(({ kid }) => kid),
      ...defined({
        certificate: mapped(refused, (why) => ({ message: why.message, next: why.next })),
        blind: mapped(blind, (why) => ({ since: why.since, message: why.message, next: why.next })),
      }),
    };
  } catch (error) {
    // Its publisher runs on another machine more often than not, or as another user.
    if (error instanceof PodtrustError && error.code === "publisher-not-running") return undefined;
    throw error;
  }
}
