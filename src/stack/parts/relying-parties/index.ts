import type { Config } from "../../../config/index.ts";
import { boundsOf, federatedParties, type FederatedParty } from "../../../rules/oidc/index.ts";
import type { TheftAnswerAt } from "../closing.ts";
import type { OpenTofuPart } from "../opentofu.ts";
import type { Part, PartContext } from "../part.ts";
import type { PartySight } from "../sight.ts";
import type { RelyingParty } from "./relying-party.ts";

export type { RelyingParty } from "./relying-party.ts";

/** Modules of a relying party, loaded from its own folders. */
type Loaders = Pick<RelyingParty, "rules" | "part" | "exchange">;

/** One row per relying party beside AWS: its folders, one `await import` each. */
const loaders: Readonly<Record<FederatedParty, Loaders>> = {
  gcp: {
    rules: async () => (await import("./explain/gcp.ts")).explain,
    part: async () => (await import("../gcp/index.ts")).googleParty,
    exchange: async () => (await import("../gcp/index.ts")).googleSights,
  },
  azure: {
    rules: async () => (await import("./explain/azure.ts")).explain,
    part: async () => (await import("../azure/index.ts")).azureParty,
    exchange: async () => (await import("../azure/index.ts")).azureSights,
  },
  openbao: {
    rules: async () => (await import("./explain/openbao.ts")).explain,
    part: async () => (await import("../openbao/index.ts")).openbaoParty,
    exchange: async () => (await import("../openbao/index.ts")).openbaoSights,
  },
};

/** All modules of a relying party beside AWS; loads nothing. */
export function relyingParty(name: FederatedParty): RelyingParty {
  return {
    limits: boundsOf(name),
    injection: async () => (await import("../../../rules/injection/index.ts")).loadPartyPolicies(name),
    ...loaders[name],
  };
}

/** Those that a config declares, AWS not among them. */
function declared(config: Pick<Config, FederatedParty>): readonly RelyingParty[] {
  return federatedParties.filter((name) => config[name].length > 0).map(relyingParty);
}

/** The parts of the relying parties that a config declares, AWS not among them. */
export async function partsOfParties(context: PartContext): Promise<readonly Part[]> {
  const all = await Promise.all(declared(context.config).map(({ part }) => part()));
  return all.flatMap((one) => one.parts(context));
}

/** The same in OpenTofu. */
export async function openTofuOfParties(
  config: Pick<Config, FederatedParty>,
): Promise<readonly OpenTofuPart[]> {
  const all = await Promise.all(declared(config).map(({ part }) => part()));
  return all.map(({ openTofu }) => openTofu);
}

/** What is done after a theft at each place of the relying parties beside AWS that a config declares, in their order. */
export async function theftAnswersOfParties(
  context: PartContext,
): Promise<readonly (TheftAnswerAt & { readonly party: FederatedParty })[]> {
  const names = federatedParties.filter((name) => context.config[name].length > 0);
  const all = names.map(async (party) => {
    const part = await loaders[party].part();
    return part.theftAnswers(context).map((one) => ({ ...one, party }));
  });
  return (await Promise.all(all)).flat();
}

/** A reader of a relying party's section, and the party's title: `Google Cloud`. */
interface TitledSight {
  readonly title: string;
  readonly sight: PartySight;
}

/** The sections of relying parties beside AWS that a config has, for the map. Opens no connection. */
export async function partySights(context: PartContext): Promise<readonly TitledSight[]> {
  const all = declared(context.config).map(
    async ({ exchange, limits: { title } }): Promise<readonly TitledSight[]> => {
      const sights = await exchange();
      return sights(context).map((sight) => ({ title, sight }));
    },
  );
  return (await Promise.all(all)).flat();
}
