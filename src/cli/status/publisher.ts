import { PodtrustError } from "../../base/index.ts";
import type { Config } from "../../config/index.ts";
import { publisherStatus } from "../../publisher/index.ts";
import type { PublisherFacts } from "../../stack/index.ts";

/** What the publisher of this stack says of itself; undefined where none of this state directory answers here. */
export async function publisherFacts({
  publisher,
  issuer,
}: Pick<Config, "publisher" | "issuer">): Promise<PublisherFacts | undefined> {
  if (publisher === undefined) return undefined;
  try {
    const { issuers } = await publisherStatus(publisher.stateDir);
    const ours = issuers.find((one) => one.issuer === issuer);
    if (ours === undefined) return undefined;
    const { failing, keys } = ours;
    return {
      distrusted: keys.filter(({ state }) => state === "distrusted").map(({ kid }) => kid),
      ...(failing === undefined
        ? {}
        : { blind: { since: failing.since, message: failing.message, next: failing.next } }),
    };
  } catch (error) {
    // Its publisher runs on another machine more often than not, or as another user.
    if (error instanceof PodtrustError && error.code === "publisher-not-running") return undefined;
    throw error;
  }
}
