import { defined } from "../../../core/base/index.ts";
import {
  type GoogleBinding,
  googleKeys,
  type GoogleTrust,
  poolId,
} from "../../../rules/bindings/gcp/index.ts";
import { providerAudience } from "../../../rules/gcp/index.ts";
import { finding } from "../../../stack/index.ts";
import { reconcile } from "../engine/reconcile.ts";
import type { BindingRow } from "../engine/row.ts";
import type { PartyPasses } from "../party.ts";
import type { DesiredAnnotations } from "../service-account.ts";
import { passInterval } from "../status.ts";
import { LeftMembers } from "./leftovers.ts";
import { every, MakingMembers, ProvingMember, settling, TakingMembers } from "./member.ts";
import { leftMembersOf, withMembers } from "./members.ts";
import { fromOf, googleErrors, type GoogleProjects } from "./projects.ts";
import { reconcileGoogleTrust } from "./reconcile-trust.ts";
import { type GoogleClients, type GoogleTypes, memberRights, memberRules, subjectOf } from "./rights.ts";

function annotations(trust: GoogleTrust, { email }: GoogleBinding): DesiredAnnotations {
  const [providerKey, emailKey, audienceKey] = googleKeys;
  const provider = providerAudience(trust).replace("//iam.googleapis.com/", "");
  const desired = {
    [providerKey]: provider,
    ...defined({ [emailKey]: email, [audienceKey]: trust.audience }),
  };
  return {
    party: "gcp",
    annotations: desired,
    isOurs: (key) => googleKeys.some((one) => one === key),
    conflict({ metadata: { annotations: stand = {} } }) {
      const wrong = googleKeys.find((key) => (stand[key] ?? "") !== (desired[key] ?? ""));
      if (wrong === undefined) return undefined;
      const has =
        stand[wrong] === undefined ? "lacks" : `has ${JSON.stringify(stand[wrong].slice(0, 200))} in`;
      return `${has} the annotation ${wrong}, where the binding means ${desired[wrong] ?? "none"}`;
    },
    does: `names ${email ?? provider}`,
  };
}

/** Google on the way of a binding. */
function memberRow(google: GoogleProjects): BindingRow<GoogleTypes> {
  return {
    ...googleErrors,
    rules: memberRules,
    rights: memberRights,
    from: fromOf,
    async open(trust, object, signal) {
      const isKnown = memberRights.read(object).every(({ pool }) => pool !== undefined);
      if (trust === undefined && !isKnown) return undefined;
      return {
        taking: new TakingMembers(google, subjectOf(object), trust),
        making: new MakingMembers(google),
        proving: new ProvingMember(google),
        own: await google.caller(signal),
      };
    },
    annotations: ({ trust, binding }) => annotations(trust, binding),
    annotation: googleKeys[0],
    inSync: "MemberInSync",
    pending: finding("MemberSettling", {
      seen: "Google is asked to let the ServiceAccount in, and has not done so yet",
      from: "Google",
    }),
    waiting: settling,
    drift: "MembersDrift",
    keptReason: "MemberKept",
    interval: passInterval,
    proof: { accepted: "GoogleAccepted", settling: "MemberSettling", every, untilLook: () => passInterval },
    second: "none",
    // Writes of Google wait for no turn.
    maxTurn: 0,
    memory: {
      isOf: (trust, { pool }) => pool === undefined || poolId(pool) === poolId(trust),
      with(status, left, object) {
        const subject = subjectOf(object);
        return withMembers(
          leftMembersOf(status),
          left.map(({ email }) => ({ email, subject })),
        );
      },
    },
  };
}

/** Passes of GCPServiceAccountBinding and GCPTrust. */
export function googlePasses(
  google: GoogleProjects,
): PartyPasses<Pick<GoogleClients, "google">, LeftMembers> {
  const row = memberRow(google);
  return {
    party: "gcp",
    clients: { google },
    passing: ["GoogleNotAsked", "MemberSettling"],
    reportedOnTrust: ["MemberKept"],
    binding: (facts, clients, clock, signal) => reconcile(row, facts, clients, { clock, signal }),
    leftovers: () => new LeftMembers(),
    trust: reconcileGoogleTrust,
    // Google does not notify of policy changes: each binding checks its own.
    drifting: () => () => {},
  };
}
