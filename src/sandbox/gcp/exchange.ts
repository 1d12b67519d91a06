import { defined, isRecord, textOf } from "../../core/base/index.ts";
import {
  decideExchange,
  type ExchangeDecision,
  type ExchangeFacts,
  type ExchangeRequest,
  type GoogleProvider,
  parseProviderName,
  type ProviderName,
} from "../../rules/gcp/index.ts";
import { keyChecks } from "../../rules/keys/index.ts";
import { tried } from "../../rules/judge/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import type { ApiCall, ApiReply } from "./call.ts";
import { countingKeys, type IdentityPool, type Project, type Provider } from "./project.ts";
import { exchangeRefusal } from "./refusal.ts";

/** JSON names of parameters that differ from those of the form. */
const jsonNames: Readonly<Record<string, string>> = {
  grant_type: "grantType",
  requested_token_type: "requestedTokenType",
  subject_token: "subjectToken",
  subject_token_type: "subjectTokenType",
};

/** A parameter by its form name, from a form or JSON: both are accepted, with either name. */
function parametersOf(call: ApiCall): (name: string) => string | undefined {
  const [type = ""] = (call.header("content-type") ?? "").split(";");
  if (type.trim().toLowerCase() === "application/x-www-form-urlencoded") {
    const form = new URLSearchParams(call.text());
    return (name) => form.get(name) ?? form.get(jsonNames[name] ?? name) ?? undefined;
  }
  let json: unknown;
  try {
    json = JSON.parse(call.text());
  } catch {
    json = undefined;
  }
  if (!isRecord(json))
    throw exchangeRefusal({ status: 400, code: "invalid_request" }, "The body is neither a form nor JSON.", {
      rule: "exchange-parameters",
      why: "the body is neither a form nor a JSON object",
      next: "Send the parameters as application/x-www-form-urlencoded, or as application/json.",
    });
  const body = json;
  return (name) => textOf(body[name]) ?? textOf(body[jsonNames[name] ?? name]);
}

function stateOf({
  deletedAt,
  disabled,
}: IdentityPool | Provider): Pick<GoogleProvider, "state" | "disabled"> {
  return { state: deletedAt === undefined ? "ACTIVE" : "DELETED", disabled };
}

function providerFacts(provider: Provider, now: number): GoogleProvider {
  const { attributeMapping, attributeCondition, oidc } = provider;
  const jwksJson = countingKeys(provider, now);
  return {
    ...stateOf(provider),
    issuerUri: oidc.issuerUri,
    allowedAudiences: oidc.allowedAudiences,
    attributeMapping,
    ...(attributeCondition === "" ? {} : { attributeCondition }),
    ...defined({ jwksJson }),
  };
}

interface Target {
  readonly pool: IdentityPool;
  readonly provider: Provider;
}

function targetOf(project: Project, name: ProviderName | undefined): Target | undefined {
  // Only the number: an audience with the project's id names nothing.
  if (name?.projectNumber !== project.settings.projectNumber) return undefined;
  const pool = project.pools.get(name.pool);
  const provider = pool?.providers.get(name.provider);
  return pool === undefined || provider === undefined ? undefined : { pool, provider };
}

function kidOf({ subjectToken = "" }: ExchangeRequest): string | undefined {
  const jws = tried(() => parseJws(subjectToken));
  return "kid" in jws && typeof jws.kid === "string" ? jws.kid : undefined;
}

async function decided(
  call: ApiCall,
  request: ExchangeRequest,
  target: Target | undefined,
): Promise<ExchangeDecision> {
  const { project, now } = call;
  const facts: ExchangeFacts = {
    request,
    now: Math.floor(now / 1000),
    target: target && {
      pool: stateOf(target.pool),
      provider: providerFacts(target.provider, now),
    },
  };
  const { checkOrder } = project.settings;
  const first = decideExchange(facts, keyChecks, checkOrder);
  if (first.outcome !== "needs-documents" || target === undefined) return first;
  const documents = await project.issuers.documents(target.provider.oidc, kidOf(request), call.signal);
  return decideExchange({ ...facts, documents }, keyChecks, checkOrder);
}

/**
 * Lifetimes below the first number are left out of answers; below the second there is no token: both measured, in
 * seconds.
 */
const [unsaid, failing] = [2, 1];

/** `POST /v1/token` of the Security Token Service: the token exchange of RFC 8693. */
export async function exchangeToken(call: ApiCall): Promise<ApiReply> {
  const parameter = parametersOf(call);
  const request: ExchangeRequest = {
    grantType: parameter("grant_type"),
    audience: parameter("audience"),
    requestedTokenType: parameter("requested_token_type"),
    subjectToken: parameter("subject_token"),
    subjectTokenType: parameter("subject_token_type"),
  };
  call.trail.asked = true;
  if (request.audience !== undefined) call.trail.resource = request.audience;
  const name = parseProviderName(request.audience ?? "");
  const decision = await decided(call, request, targetOf(call.project, name));
  if (decision.outcome === "refused") {
    const { refusal } = decision;
    throw exchangeRefusal(refusal, refusal.message, refusal);
  }
  if (decision.outcome === "needs-documents" || name === undefined)
    throw new TypeError("an exchange with documents was not decided");
  const { grant } = decision;
  call.trail.who = grant.principal;
  call.trail.rule = "token-exchange";
  if (grant.expiresIn === failing)
    throw exchangeRefusal({ status: 500, code: "internal_failure" }, "Internal error encountered.", {
      rule: "subject-token-time",
      why: "the token has one second left, for which Google answers 500",
    });
  const token = call.project.tokens.issue({
    caller: { kind: "federated", pool: name.pool, grant },
    scopes: (parameter("scope") ?? "").split(/\s+/u).filter((scope) => scope !== ""),
    expiresAt: call.now + grant.expiresIn * 1000,
  });
  return {
    status: 200,
    body: {
      access_token: token,
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      ...(grant.expiresIn > unsaid ? { expires_in: grant.expiresIn } : {}),
    },
  };
}
