import type { GcpProject } from "../../../config/index.ts";
import { defined } from "../../../core/base/index.ts";
import type { ProviderState } from "../../../providers/gcp/index.ts";
import { principalOf, providerAudience, uploadedKids } from "../../../rules/gcp/index.ts";
import type { PartContext } from "../part.ts";
import {
  admittedBy,
  type PartySight,
  type ObservedIdentity,
  type ObservedParty,
  type ObservedProvider,
} from "../sight.ts";
import { type GoogleLook, type GoogleProject, googleProjects } from "./look.ts";

function providerOf(project: GcpProject, { provider }: GoogleLook): ObservedProvider | undefined {
  const observed = provider?.observed;
  if (observed?.exists !== true || observed.owner.kind !== "ours") return undefined;
  const { state }: { readonly state: ProviderState } = observed;
  const uploaded = uploadedKids(state.jwksJson);
  return {
    name: `${project.pool}/${project.provider}`,
    issuer: state.issuerUri,
    ...defined({ uploaded }),
    details: [
      ["Name", providerAudience(project).replace("//iam.googleapis.com/", "")],
      ["State", state.state === "ACTIVE" ? (state.disabled ? "disabled" : "in use") : "deleted"],
      ["Audiences", state.allowedAudiences.length === 0 ? "its own name" : state.allowedAudiences.join(", ")],
      ["Condition", state.attributeCondition === "" ? "none" : state.attributeCondition],
      ["Keys", uploaded === undefined ? "fetched from the issuer" : `uploaded: ${uploaded.join(", ")}`],
    ],
  };
}

function identitiesOf(project: GcpProject, { members }: GoogleLook): readonly ObservedIdentity[] {
  const { length } = principalOf(project, "");
  const accounts = members.map(({ account: { email, serviceAccounts }, drift }): ObservedIdentity => {
    const principals = drift?.observed.exists === true ? drift.observed.state.principals : [];
    const admitted = admittedBy(principals.map((one) => one.slice(length)));
    return { name: email, exists: drift !== undefined, ...admitted, wanted: serviceAccounts, policies: [] };
  });
  const direct = project.direct.map((one): ObservedIdentity => ({
    name: `principal of ${one}`,
    exists: true,
    letsIn: [one],
    wanted: [one],
    policies: [],
  }));
  return [...accounts, ...direct];
}

function sightOf(one: GoogleProject): PartySight {
  const { project, audience } = one;
  return {
    place: `project ${project.project}`,
    audience,
    async look(signal): Promise<ObservedParty> {
      const look = await one.look(signal);
      return { provider: providerOf(project, look), identities: identitiesOf(project, look) };
    },
    async ask({ name }, jwt, signal) {
      const email = project.serviceAccounts.find((account) => account.email === name)?.email;
      const answer = await one.exchange(jwt, email, signal);
      return answer.outcome === "accepted"
        ? { accepted: true, said: "" }
        : { accepted: false, said: `${answer.code}: ${answer.message}` };
    },
  };
}

/** The projects of a config, for the map. Opens no connection. */
export function googleSights(context: PartContext): readonly PartySight[] {
  return googleProjects(context).map(sightOf);
}
