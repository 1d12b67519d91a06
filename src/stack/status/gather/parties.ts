import type { AzureIdentity, OpenBaoRole } from "../../../config/index.ts";
import { federatedParties, type FederatedParty } from "../../../rules/oidc/index.ts";
import { type AzureLook, sectionReaders } from "../../parts/index.ts";
import type { LookResult, PartyFacts } from "../facts.ts";
import { partyJudges } from "../judge/index.ts";
import type { GatheredCluster } from "./cluster.ts";
import type { AccountGathering } from "./first-account.ts";
import type { GatherOptions, LinkFilter } from "./options.ts";
import { gatherSections } from "./section.ts";

/** The client id of an identity: as read from Azure, else from the config. */
function clientIdOf(identity: AzureIdentity, look: LookResult<AzureLook>): string | undefined {
  if (look.kind !== "seen") return identity.clientId;
  return look.value.identities.find((one) => one.identity === identity)?.clientId;
}

/** Reads everything that one relying party's section of a config names, and says what it means. */
type GatherParty = (options: GatherOptions, gathering: AccountGathering) => Promise<readonly PartyFacts[]>;

/** One row per relying party beside AWS. Its modules are loaded by a config that has its section. */
const gatherers: Readonly<Record<FederatedParty, GatherParty>> = {
  async gcp(options, gathering) {
    const [projects, judge] = await Promise.all([sectionReaders.gcp(options), partyJudges.gcp()]);
    const sections = projects.map((one) => {
      const { project, audience } = one;
      // The first with direct access has no service account.
      const named = [
        ...project.serviceAccounts.map(({ email, serviceAccounts }) => [email, serviceAccounts[0]] as const),
        [undefined, project.direct[0]] as const,
      ];
      return {
        section: project,
        accounts: named.flatMap(([identity, serviceAccount]) =>
          serviceAccount === undefined ? [] : [{ identity, audience, serviceAccount }],
        ),
        look: (signal: AbortSignal) => one.look(signal),
        exchange: (email: string | undefined, jwt: string) => (signal: AbortSignal) =>
          one.exchange(jwt, email, signal),
      };
    });
    return gatherSections(judge, sections, gathering);
  },
  async azure(options, gathering) {
    const [groups, judge] = await Promise.all([sectionReaders.azure(options), partyJudges.azure()]);
    const sections = groups.map((group) => ({
      section: group.tenant,
      accounts: group.tenant.identities.map((identity) => ({
        identity,
        audience: group.audience,
        serviceAccount: identity.serviceAccounts[0] ?? "",
      })),
      look: (signal: AbortSignal) => group.look(signal),
      exchange(identity: AzureIdentity, jwt: string, look: LookResult<AzureLook>) {
        const clientId = clientIdOf(identity, look);
        if (clientId === undefined) return undefined;
        return (signal: AbortSignal) => group.exchange(clientId, jwt, signal);
      },
    }));
    return gatherSections(judge, sections, gathering);
  },
  async openbao(options, gathering) {
    const [mounts, judge] = await Promise.all([sectionReaders.openbao(options), partyJudges.openbao()]);
    const sections = mounts.map((mount) => ({
      section: mount.server,
      accounts: mount.server.roles.map((identity) => ({
        identity,
        audience: mount.server.audience,
        serviceAccount: identity.serviceAccounts[0] ?? "",
      })),
      look: (signal: AbortSignal) => mount.look(signal),
      exchange: (role: OpenBaoRole, jwt: string) => (signal: AbortSignal) => mount.login(role, jwt, signal),
    }));
    return gatherSections(judge, sections, gathering);
  },
};

/** The facts of the relying parties that a config declares, AWS not among them. */
export async function gatherParties(
  options: GatherOptions,
  cluster: Promise<GatheredCluster>,
  wanted: LinkFilter,
): Promise<readonly PartyFacts[]> {
  if (options.awsOnly === true) return [];
  const names = federatedParties.filter((name) => options.config[name].length > 0);
  if (names.length === 0) return [];
  const { api } = await cluster;
  const gathering = { api, signal: options.signal, wanted };
  return (await Promise.all(names.map((name) => gatherers[name](options, gathering)))).flat();
}
