import { basename } from "node:path";
import { PodtrustError } from "../core/base/index.ts";
import { boundsOf, type RelyingPartyName, type ServiceAccountName } from "../rules/oidc/index.ts";
import type { Config } from "./config.ts";
import type { ConfiguredAudience } from "./sections/party-section.ts";
import { loadSection } from "./relying-parties.ts";

async function wantedBy(
  config: Config,
  party: RelyingPartyName,
  account: ServiceAccountName,
): Promise<readonly ConfiguredAudience[]> {
  if (party === "aws") return (await import("./sections/aws-audiences.ts")).awsAudiences(config, account);
  return (await loadSection(party)).audiences(config, account);
}

/**
 * The audience of the token that a ServiceAccount presents to a relying party of the config. Throws `usage`
 * if the config gives the ServiceAccount nothing there, or needs different audiences for different things.
 */
export async function audienceFor(
  config: Config,
  party: RelyingPartyName,
  account: ServiceAccountName,
): Promise<string> {
  const wanted = await wantedBy(config, party, account);
  const audiences = [...new Set(wanted.map(({ audience }) => audience))];
  const [only] = audiences;
  if (only !== undefined && audiences.length === 1) return only;
  const file = basename(config.file);
  const who = `${account.namespace}/${account.name}`;
  const { title } = boundsOf(party);
  const detail = { relyingParty: party, audiences };
  if (only === undefined) {
    throw new PodtrustError("usage", `${file} gives ${who} nothing at ${title}`, {
      next: `Name the ServiceAccount in the section ${party}, or give the audience by --audience.`,
      detail,
    });
  }
  const each = wanted.map(({ what, audience }) => `${audience} (${what})`).join("; ");
  throw new PodtrustError("usage", `${file} wants different audiences of ${who} at ${title}: ${each}`, {
    next: "Give one of them by --audience, without --for.",
    detail,
  });
}
