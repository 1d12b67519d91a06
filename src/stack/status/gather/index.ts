import { defined, type Link } from "../../../core/base/index.ts";
import { awsParts, lookAtApiServers } from "../../parts/index.ts";
import type { StatusFacts, PublisherFacts } from "../facts.ts";
import { gatherAccount } from "./aws.ts";
import { gatherCluster } from "./cluster.ts";
import { gatherIssuer } from "./issuer.ts";
import type { GatherOptions, LinkFilter } from "./options.ts";
import { gatherParties } from "./parties.ts";
import { tryLook } from "./try-look.ts";
import { gatherWorkloads } from "./workloads.ts";

export type { GatherOptions } from "./options.ts";
export { tryLook } from "./try-look.ts";

/** The publisher's answer, if it can be asked: an unreachable one does not stop the other links. */
async function publisherOf({ publisher, signal }: GatherOptions): Promise<PublisherFacts | undefined> {
  if (publisher === undefined) return undefined;
  const asked = await tryLook(signal, () => publisher(signal));
  return asked.kind === "seen" ? asked.value : undefined;
}

/**
 * Reads everything that some links need, all at the same time, and judges nothing. Changes nothing; mints a token of
 * one ServiceAccount of each role and asks STS with it. Throws only the signal's reason.
 */
export async function gatherFacts(options: GatherOptions, links: ReadonlySet<Link>): Promise<StatusFacts> {
  const { config, clock } = options;
  const wanted: LinkFilter = (...some) => some.some((link) => links.has(link));
  const parts = awsParts(options);
  try {
    const gathered = gatherCluster(options, wanted);
    const [cluster, servers, issuer, accounts, workloads, parties, publisher] = await Promise.all([
      gathered,
      wanted("cluster") ? lookAtApiServers(options, options.signal) : [],
      gatherIssuer(options, wanted),
      Promise.all(parts.map((part) => gatherAccount(part, options, wanted))),
      gathered.then(({ api }) => gatherWorkloads(parts, api, options, wanted)),
      gatherParties(options, gathered, wanted),
      wanted("jwks", "tls") ? publisherOf(options) : undefined,
    ]);
    return {
      config,
      now: clock.now(),
      servers,
      accounts,
      workloads,
      parties,
      ...defined({ cluster: cluster.facts, issuer, publisher }),
    };
  } finally {
    for (const part of parts) part.close();
  }
}
