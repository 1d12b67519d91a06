import type { Config } from "../../config/index.ts";
import { boundsOf, federatedParties, type FederatedParty } from "../../rules/oidc/index.ts";
import type { Part, PartContext, PartyParts } from "./part.ts";

/**
 * One row for each relying party beside AWS: what makes the things of its section, loaded by a config that has it.
 * Undefined: podtrust reads the section, and makes nothing of it yet.
 */
const makers: Readonly<Record<FederatedParty, (() => Promise<PartyParts>) | undefined>> = {
  gcp: undefined,
  azure: undefined,
  openbao: async () => (await import("./openbao/index.ts")).openbaoParty,
};

function declared(config: Pick<Config, FederatedParty>): readonly FederatedParty[] {
  return federatedParties.filter((name) => config[name].length > 0);
}

/** The parts of the relying parties that a config declares, AWS not among them. */
export async function partsOfParties(context: PartContext): Promise<readonly Part[]> {
  const found = declared(context.config).flatMap((name) => makers[name] ?? []);
  const loaded = await Promise.all(found.map((load) => load()));
  return loaded.flatMap((one) => one.parts(context));
}

/** What is said of each section that nothing is made of yet. */
export function unmadeSections(config: Pick<Config, FederatedParty>): readonly string[] {
  return declared(config)
    .filter((name) => makers[name] === undefined)
    .map(
      (name) =>
        `section ${name} is checked, and nothing is made of it yet: make what it names at ${boundsOf(name).title} yourself, and ask podtrust explain --for ${name} why a token is refused`,
    );
}
