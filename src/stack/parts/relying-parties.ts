import type { Config } from "../../config/index.ts";
import { boundsOf, federatedParties, type FederatedParty } from "../../rules/oidc/index.ts";
import type { OpenTofuPart } from "./opentofu.ts";
import type { Part, PartContext } from "./part.ts";
import type { PartyParts } from "./party.ts";
import type { PartySight } from "./sight.ts";

/**
 * One row for each relying party beside AWS: what makes the things of its section, loaded by a config that has it.
 */
const makers: Readonly<Record<FederatedParty, () => Promise<PartyParts>>> = {
  gcp: async () => (await import("./gcp/index.ts")).googleParty,
  azure: async () => (await import("./azure/index.ts")).azureParty,
  openbao: async () => (await import("./openbao/index.ts")).openbaoParty,
};

function declared(config: Pick<Config, FederatedParty>): readonly FederatedParty[] {
  return federatedParties.filter((name) => config[name].length > 0);
}

function loaded(config: Pick<Config, FederatedParty>): Promise<readonly PartyParts[]> {
  return Promise.all(declared(config).map((name) => makers[name]()));
}

/** The parts of the relying parties that a config declares, AWS not among them. */
export async function partsOfParties(context: PartContext): Promise<readonly Part[]> {
  return (await loaded(context.config)).flatMap((one) => one.parts(context));
}

/** The same in OpenTofu. */
export async function openTofuOfParties(
  config: Pick<Config, FederatedParty>,
): Promise<readonly OpenTofuPart[]> {
  return (await loaded(config)).map(({ openTofu }) => openTofu);
}

/** A section of a relying party's, to be looked at, and the party's title: `Google Cloud`. */
interface TitledSight {
  readonly title: string;
  readonly sight: PartySight;
}

/** The sections of relying parties beside AWS that a config has, as the map has them. Opens no connection. */
export async function partySights(context: PartContext): Promise<readonly TitledSight[]> {
  const all = declared(context.config).map(async (name): Promise<readonly TitledSight[]> => {
    const { sights } = await makers[name]();
    return sights(context).map((sight) => ({ title: boundsOf(name).title, sight }));
  });
  return (await Promise.all(all)).flat();
}
