import { PodtrustError } from "../../../core/base/index.ts";
import { relyingParties } from "../../../rules/oidc/index.ts";
import { type Change, ownerText } from "../../../rules/plan/index.ts";
import type { PartPlan, Preflight } from "../part.ts";
import type { SectionFacts, LookedAt } from "./survey.ts";

const { maxCredentials } = relyingParties.azure;

/** What Azure would refuse, found before it is asked. */
function refusalsOf({ identity, holder, view, found }: LookedAt): readonly PodtrustError[] {
  const { title } = holder;
  const refusals = view.doubled
    .filter(({ isEnough }) => !isEnough)
    .map(({ desired, other }) => {
      const sentence = `${desired.account} already has the federated credential ${other.name} of ${title}, which is for ${other.audiences.join(", ")} and not for ${desired.audience}`;
      return new PodtrustError("azure-credential-taken", sentence, { detail: { name: other.name } });
    });
  if (view.tooMany !== undefined) {
    const sentence = `${title} would have ${view.tooMany} federated credentials with those of others, and Azure takes ${maxCredentials}`;
    refusals.push(new PodtrustError("azure-limit", sentence, { detail: { total: view.tooMany } }));
  }
  const said = identity.kind === "managed" ? identity.clientId : undefined;
  if (said !== undefined && found !== undefined && found.clientId !== said) {
    const sentence = `${title} has the client id ${found.clientId}, and the config says ${said}`;
    refusals.push(new PodtrustError("azure-client-id-other", sentence));
  }
  return refusals;
}

function warningsOf({ holder, view, credentials = [] }: LookedAt): readonly string[] {
  const closed = credentials.filter((one) => one.closed).length;
  const warnings = view.doubled
    .filter(({ isEnough }) => isEnough)
    .map(
      ({ desired, other }) =>
        `${desired.account} is let in by the federated credential ${other.name} of ${holder.title}, which is not podtrust's: no second one is made, and podtrust down leaves it`,
    );
  if (closed === 0) return warnings;
  return [
    ...warnings,
    `the federated credentials of ${holder.title}, ${closed} of them, are closed after the theft of a key, and stay so until podtrust rotate stolen KID --reopen`,
  ];
}

/** Warnings about identities that this stack did not make. */
export function foreignNotes({ looked }: SectionFacts): readonly string[] {
  return looked.flatMap(({ owner, holder }) =>
    owner === undefined || owner.kind === "ours" || owner.kind === "newer-format"
      ? []
      : [
          `${holder.title} belongs to ${ownerText(owner)}: of it only the federated credentials are this stack's`,
        ],
  );
}

/** How soon a plan's credentials take effect, which no call of ours shows. */
export function timeNotes({ goal, changes }: PartPlan): readonly string[] {
  const writes = changes.some(
    ({ kind, resource }) =>
      resource.kind === "federated-credentials" && (kind === "create" || kind === "update"),
  );
  if (goal === "absent" || !writes) return [];
  return [
    "Entra takes tokens by a new federated credential after some minutes, and by one of an issuer that is new to it after up to half an hour",
  ];
}

const isGoing = ({ kind, resource }: Change): boolean =>
  kind === "delete" && resource.kind === "managed-identity";

/** What is lost with a deleted identity. */
function endings({ changes, allowInUse }: PartPlan, { looked, surplus }: SectionFacts): Preflight {
  const refusals: PodtrustError[] = [];
  const warnings: string[] = [];
  for (const { resource } of changes.filter(isGoing)) {
    const { id } = resource;
    const named = looked.find(({ identity }) => resource.names.includes(nameOf(identity)));
    const others = named?.view.others ?? surplus.find((one) => one.id === id)?.others ?? [];
    warnings.push(
      `${id}: its role assignments stay behind without it, and a new identity of the name is another one`,
    );
    if (others.length === 0) continue;
    const names = others.map(({ name }) => name).join(", ");
    const sentence = `${id} has federated credentials that others made, and that go with it: ${names}`;
    if (allowInUse) warnings.push(sentence);
    else refusals.push(new PodtrustError("azure-identity-in-use", sentence, { detail: { id } }));
  }
  return { refusals, warnings };
}

const nameOf = (identity: LookedAt["identity"]): string =>
  identity.kind === "managed" ? identity.name : identity.clientId;

/** Objections to a plan of one section. */
export function judgedPlan(plan: PartPlan, found: SectionFacts): Preflight {
  const { refusals, warnings } = endings(plan, found);
  if (plan.goal === "absent") return { refusals, warnings };
  return {
    refusals: [...refusals, ...found.looked.flatMap(refusalsOf)],
    warnings: [...warnings, ...found.looked.flatMap(warningsOf)],
  };
}
