import { lengthText } from "../../../core/base/index.ts";
import type { AzureIdentity, AzureTenant } from "../../../config/index.ts";
import { servedDocuments } from "../../../issuer/index.ts";
import { decideAssertion } from "../../../rules/azure/index.ts";
import { keyChecks } from "../../../rules/keys/index.ts";
import type { AssertionExchange, AzureIdentityLook, AzureLook } from "../../parts/index.ts";
import { type Finding, skipped } from "../finding.ts";
import type { LookedAtSection, PartyJudge } from "./party.ts";

function trustFinding(found: AzureIdentityLook, { say, from }: LookedAtSection<AzureTenant>): Finding {
  const { identity, title, clientId, fields, doubled } = found;
  if (clientId === undefined) return skipped("provider", from);
  const credentials = `the federated credentials of ${title}`;
  const closed = found.credentials.filter((one) => one.closed).length;
  if (closed > 0)
    return say("ClosedAfterTheft", `${credentials}, ${closed} of them, are closed after a theft`);
  const other = doubled.find(({ isEnough }) => !isEnough)?.other;
  if (other !== undefined) {
    const seen = `the federated credential ${other.name} of ${title}, which is not podtrust's, is for ${other.audiences.join(", ")}`;
    const next = "Delete it, and then podtrust up: Azure takes one credential for an issuer and a subject.";
    return say("FederatedCredentialDrift", seen, next);
  }
  return fields.length === 0
    ? say("FederatedCredentialsMatch", `${title} lets in ${identity.serviceAccounts.join(", ")}`)
    : say("FederatedCredentialDrift", `${credentials} differ from the config in ${fields.join(", ")}`);
}

/** Azure: a ServiceAccount is given tokens of a managed identity or of an application. */
export const azureJudge: PartyJudge<AzureTenant, AzureLook, AzureIdentity, AssertionExchange> = {
  codes: "azure-",
  reasons: { notAsked: "AzureNotAsked", accepted: "AssertionAccepted", refused: "AssertionRefused" },
  from: ({ tenant }) => `Azure tenant ${tenant}`,
  endpoint: () => "oauth2/v2.0/token",
  provider: ({ identities }, { say }) =>
    identities.map(({ title, clientId }) =>
      clientId === undefined
        ? say("AzureIdentityMissing", `there is no ${title}`)
        : say("AzureIdentityFound", `${title} has client id ${clientId}`),
    ),
  trust: ({ identities }, at) => identities.map((one) => trustFinding(one, at)),
  permission: "none",
  answered(answer, { serviceAccount, identity }) {
    const whose =
      identity.kind === "managed" ? `identity ${identity.name}` : `application ${identity.clientId}`;
    if (answer.outcome === "refused") {
      const seen = `${serviceAccount} for ${whose}: ${answer.status}: ${answer.message}`;
      return { isAccepted: false, seen };
    }
    const fresh = `answered now, a token good for ${lengthText(answer.seconds * 1000)}, thrown away`;
    return { isAccepted: true, seen: `${serviceAccount} is given a token of ${whose}`, fresh };
  },
  refusal(clientAssertion, { identities }, { section: { tenant }, identity, judged: { issuer, now } }) {
    const found = identities.find((one) => one.identity === identity);
    if (issuer === undefined || found?.clientId === undefined) return undefined;
    const decision = decideAssertion(
      {
        request: {
          tenant,
          grantType: "client_credentials",
          clientId: found.clientId,
          scope: "https://management.azure.com/.default",
          clientAssertionType: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          clientAssertion,
        },
        now: Math.floor(now / 1000),
        tenant: { id: tenant },
        client: { credentials: found.credentials },
        isResourceKnown: true,
        documents: servedDocuments(issuer.reading, issuer),
      },
      keyChecks,
    );
    return decision.outcome === "refused" ? decision.refusal : undefined;
  },
};
