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

/** The same in OpenTofu, of those of which an export is made. */
export async function openTofuOfParties(
  config: Pick<Config, FederatedParty>,
): Promise<readonly OpenTofuPart[]> {
  return (await loaded(config)).flatMap(({ openTofu }) => openTofu ?? []);
}

/** Sections of one relying party, as the map has them; undefined where it does not show them yet. */
interface SightsOfParty {
  /** `Google Cloud` */
  readonly title: string;
  readonly sights: readonly PartySight[] | undefined;
}

/** The sections of relying parties beside AWS that a config has, to be looked at. Opens no connection. */
export async function partySights(context: PartContext): Promise<readonly SightsOfParty[]> {
  const { config } = context;
  return Promise.all(
    declared(config).map(async (name): Promise<SightsOfParty> => {
      const party = await makers[name]();
      return { title: boundsOf(name).title, sights: party.sights?.(context) };
    }),
  );
}
