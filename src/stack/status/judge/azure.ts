import type { PartyJudges } from "./party-judges.ts";
import { defined, lengthText, type Link, type PodtrustError } from "../../../core/base/index.ts";
import type { Reason } from "../../../core/reasons/index.ts";
import type { AzureIdentity, AzureTenant } from "../../../config/index.ts";
import { servedDocuments } from "../../../issuer/index.ts";
import { decideAssertion } from "../../../rules/azure/index.ts";
import { keyChecks } from "../../../rules/keys/index.ts";
import type { Jws } from "../../../rules/oidc/index.ts";
import type { AzureIdentityLook, AzureLook, AssertionExchange } from "../../parts/index.ts";
import type { JudgedFacts, LookResult, WorkloadFacts } from "../facts.ts";
import { type Finding, finding, skipped } from "../finding.ts";
import { valueOf } from "./errors.ts";
import { tokenText } from "./sts.ts";
import { serviceAccountFindings, tokenFindings } from "./workload.ts";

/** The first ServiceAccount of an identity, and the answers of cluster and Entra about it. */
export interface AssertionExchangeFacts extends Pick<
  WorkloadFacts,
  "serviceAccount" | "object" | "namespace"
> {
  readonly identity: AzureIdentity;
  /** Never part of a report. */
  readonly token: LookResult<Jws>;
  readonly exchange: LookResult<AssertionExchange>;
}

/** One section of the config. */
export interface AzureFacts {
  readonly tenant: AzureTenant;
  readonly audience: string;
  readonly look: LookResult<AzureLook>;
  readonly exchanges: readonly AssertionExchangeFacts[];
}

const fresh = "read now";

const fromOf = ({ tenant }: AzureFacts): string => `Azure tenant ${tenant.tenant}`;

function azureFinding(error: PodtrustError, from: string): Finding {
  const { message, next, code } = error;
  const reason: Reason = code.startsWith("azure-") ? "AzureNotAsked" : "LookFailed";
  return finding(reason, { seen: message, from, next, code });
}

/** Each identity and application; one finding if Azure could not be asked. */
function identityFindings(
  facts: AzureFacts,
  judge: (found: AzureIdentityLook, from: string) => Finding,
): readonly Finding[] {
  const from = fromOf(facts);
  const read = valueOf(facts.look, from, azureFinding);
  return "finding" in read ? [read.finding] : read.value.identities.map((one) => judge(one, from));
}

function providerFinding({ title, clientId }: AzureIdentityLook, from: string): Finding {
  return clientId === undefined
    ? finding("AzureIdentityMissing", { seen: `there is no ${title}`, from, fresh })
    : finding("AzureIdentityFound", { seen: `${title} has client id ${clientId}`, from, fresh });
}

function trustFinding(found: AzureIdentityLook, from: string): Finding {
  const { identity, title, clientId, fields, doubled } = found;
  if (clientId === undefined) return skipped("provider", from);
  const closed = found.credentials.filter((one) => one.closed).length;
  if (closed > 0) {
    const seen = `the federated credentials of ${title}, ${closed} of them, are closed after a theft`;
    return finding("ClosedAfterTheft", { seen, from, fresh });
  }
  const other = doubled.find(({ isEnough }) => !isEnough)?.other;
  if (other !== undefined) {
    const seen = `the federated credential ${other.name} of ${title}, which is not podtrust's, is for ${other.audiences.join(", ")}`;
    const next = "Delete it, and then podtrust up: Azure takes one credential for an issuer and a subject.";
    return finding("FederatedCredentialDrift", { seen, from, fresh, next });
  }
  if (fields.length === 0)
    return finding("FederatedCredentialsMatch", {
      seen: `${title} lets in ${identity.serviceAccounts.join(", ")}`,
      from,
      fresh,
    });
  const seen = `the federated credentials of ${title} differ from the config in ${fields.join(", ")}`;
  return finding("FederatedCredentialDrift", { seen, from, fresh });
}

/** What the rules say of a refused assertion, if everything that they need was read here too. */
function whyRefused(
  judged: JudgedFacts,
  { look, tenant }: AzureFacts,
  { identity, token }: AssertionExchangeFacts,
) {
  const { issuer, now } = judged;
  if (issuer === undefined || token.kind !== "seen" || look.kind !== "seen") return undefined;
  const found = look.value.identities.find((one) => one.identity === identity);
  if (found?.clientId === undefined) return undefined;
  const decision = decideAssertion(
    {
      request: {
        tenant: tenant.tenant,
        grantType: "client_credentials",
        clientId: found.clientId,
        scope: "https://management.azure.com/.default",
        clientAssertionType: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        clientAssertion: tokenText(token.value),
      },
      now: Math.floor(now / 1000),
      tenant: { id: tenant.tenant },
      client: { credentials: found.credentials },
      isResourceKnown: true,
      documents: servedDocuments(issuer.reading, issuer),
    },
    keyChecks,
  );
  return decision.outcome === "refused" ? decision.refusal : undefined;
}

function exchangeFinding(judged: JudgedFacts, facts: AzureFacts, one: AssertionExchangeFacts): Finding {
  const from = `${fromOf(facts)}, oauth2/v2.0/token`;
  const read = valueOf(one.exchange, from, azureFinding);
  if ("finding" in read) return read.finding;
  const answer = read.value;
  const { identity, serviceAccount } = one;
  const whose =
    identity.kind === "managed" ? `identity ${identity.name}` : `application ${identity.clientId}`;
  if (answer.outcome === "accepted") {
    const length = lengthText(answer.seconds * 1000);
    const seen = `${serviceAccount} is given a token of ${whose}`;
    return finding("AssertionAccepted", {
      seen,
      from,
      fresh: `answered now, a token good for ${length}, thrown away`,
    });
  }
  const refusal = whyRefused(judged, facts, one);
  const why = refusal === undefined ? "" : ` (${refusal.rule}: ${refusal.why})`;
  const seen = `${serviceAccount} for ${whose}: ${answer.status}: ${answer.message}${why}`;
  return finding("AssertionRefused", {
    seen,
    from,
    fresh: "answered now",
    ...defined({ next: refusal?.next }),
  });
}

const judges: PartyJudges<AzureFacts> = {
  provider: (_judged, facts) => identityFindings(facts, providerFinding),
  trust: (_judged, facts) => identityFindings(facts, trustFinding),
  serviceaccount: (judged, { exchanges }) => exchanges.flatMap((one) => serviceAccountFindings(judged, one)),
  token: (judged, { exchanges, audience }) =>
    exchanges.flatMap((one) => tokenFindings(judged, { ...one, audience })),
  sts: (judged, facts) => facts.exchanges.map((one) => exchangeFinding(judged, facts, one)),
};

/** The findings of a link for one section; none at links that Azure has no part in. */
export function judgeAzure(link: Link, judged: JudgedFacts, facts: AzureFacts): readonly Finding[] {
  return judges[link]?.(judged, facts) ?? [];
}
