import { randomUUID } from "node:crypto";
import {
  decideAssertion,
  decideSecret,
  type AssertionDecision,
  type AssertionFacts,
} from "../../rules/azure/index.ts";
import { tried, type VendorRefusal } from "../../rules/judge/index.ts";
import { keyChecks } from "../../rules/keys/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import { defined, isoSeconds, mapped, PodtrustError } from "../../core/base/index.ts";
import type { FrontAnswer, FrontRequest } from "../front/index.ts";
import { documentOf, instance } from "./entra-documents.ts";
import { hostOf } from "./hosts.ts";
import { type Answered, type AzureContext, correlationOf } from "./service.ts";
import type { EntraTenant } from "./tenant.ts";

/** `2026-11-29 04:05:06Z`, as Entra writes times. */
function timestamp(ms: number): string {
  return isoSeconds(ms).replace("T", " ");
}

/** Error numbers seen without `error_uri`; all others seen in full have it. */
const withoutUri: readonly (number | undefined)[] = [undefined, 70_003, 70_011, 700_211];

/** An error in Entra's form: bodies that Microsoft's own tests have recorded, and that users have quoted. */
function errorAnswer(request: FrontRequest, now: number, refusal: VendorRefusal): FrontAnswer {
  const [trace, correlation, time] = [randomUUID(), correlationOf(request), timestamp(now)];
  const { code, number, status, message } = refusal;
  return {
    status,
    body: {
      error: code,
      error_description: `${message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${time}`,
      ...defined({ error_codes: mapped(number, (one) => [one]) }),
      timestamp: time,
      trace_id: trace,
      correlation_id: correlation,
      ...(withoutUri.includes(number) ? {} : { error_uri: `https://${request.host}/error?code=${number}` }),
    },
  };
}

/** The tenant that an address names, if it is in the requested cloud. */
function tenantAt(name: string, host: string, { tenant }: AzureContext): EntraTenant | undefined {
  return hostOf(host)?.cloud === tenant.settings.cloud && tenant.isCalled(name) ? tenant : undefined;
}

/** Resources that every tenant knows, without a trailing slash. */
function resourcesOf({ hosts, settings }: EntraTenant): readonly string[] {
  const { graph, management, vaults } = hosts;
  // ARM's first name is still valid in the public cloud.
  const classic = settings.cloud === "public" ? ["https://management.core.windows.net"] : [];
  return [
    `https://${graph}`,
    `https://${management}`,
    ...classic,
    `https://${vaults}`,
    ...settings.resources,
  ];
}

/** A resource without its trailing slash. */
function bare(resource: string): string {
  return resource.replace(/\/$/u, "");
}

/** Whether a scope's resource is one of the tenant's. */
function isKnown(scope: string, tenant: EntraTenant): boolean {
  const wanted = scope.split(" ").find((one) => one.endsWith("/.default"));
  return wanted !== undefined && resourcesOf(tenant).includes(bare(wanted.slice(0, -"/.default".length)));
}

function factsOf(name: string, form: URLSearchParams, host: string, context: AzureContext): AssertionFacts {
  const value = (parameter: string): string | undefined => form.get(parameter) ?? undefined;
  const tenant = tenantAt(name, host, context);
  const id = value("client_id") ?? "";
  // The administrator has a secret, and no federated credential.
  const isAdmin = tenant !== undefined && id === tenant.admin.clientId;
  const credentials = isAdmin ? [] : tenant?.client(id)?.credentials.seen();
  return {
    request: {
      tenant: name,
      grantType: value("grant_type"),
      clientId: value("client_id"),
      scope: value("scope"),
      clientAssertionType: value("client_assertion_type"),
      clientAssertion: value("client_assertion"),
    },
    now: Math.floor(context.clock.now() / 1000),
    tenant: tenant && { id: tenant.settings.tenant },
    client: credentials && { credentials },
    isResourceKnown: tenant !== undefined && isKnown(value("scope") ?? "", tenant),
  };
}

async function decide(facts: AssertionFacts, { issuers }: AzureContext): Promise<AssertionDecision> {
  const decision = decideAssertion(facts, keyChecks);
  if (decision.outcome !== "needs-documents") return decision;
  return decideAssertion({ ...facts, documents: await issuers.documents(decision.issuer) }, keyChecks);
}

/** The principal that gets a token, and by which right. */
interface TokenOwner {
  readonly clientId: string;
  readonly objectId: string;
  readonly lifetime: number;
  readonly resource: string;
}

async function tokenAnswer(owner: TokenOwner, { tenant, tokens, clock }: AzureContext): Promise<FrontAnswer> {
  const { resource, lifetime, clientId, objectId } = owner;
  const { tenant: id } = tenant.settings;
  const accessToken = await tokens.issue({
    clientId,
    objectId,
    tenant: id,
    issuer: `https://sts.windows.net/${id}/`,
    audience: resource,
    now: Math.floor(clock.now() / 1000),
    lifetime,
  });
  return {
    status: 200,
    body: { token_type: "Bearer", expires_in: lifetime, ext_expires_in: lifetime, access_token: accessToken },
  };
}

/** The subject that a token claims, for the record; cut, since clients choose it. */
function claimedBy(assertion: string): string | undefined {
  const jws = tried(() => parseJws(assertion));
  const sub = jws instanceof PodtrustError ? undefined : jws.claims["sub"];
  return typeof sub === "string" ? `${sub.slice(0, 300)} (as the token says)` : undefined;
}

/** Only the administrator has a secret: any other client that sends one gets Entra's error for a wrong one. */
async function bySecret(
  facts: AssertionFacts,
  secret: string,
  request: FrontRequest,
  context: AzureContext,
): Promise<Answered> {
  const { admin } = context.tenant;
  const { clientId = "" } = facts.request;
  const isRight = clientId === admin.clientId && secret === admin.clientSecret;
  const decision = decideSecret(facts, isRight ? undefined : wrongSecret(clientId));
  if (decision.outcome === "refused") return refused(decision.refusal, request, context, clientId);
  const { resource } = decision;
  const owner = { clientId, objectId: admin.objectId, lifetime: 3599, resource };
  const note = { who: "the administrator", rule: "administrator" };
  return { answer: await tokenAnswer(owner, context), note };
}

function wrongSecret(clientId: string): VendorRefusal {
  return {
    rule: "administrator",
    code: "invalid_client",
    number: 7_000_215,
    status: 401,
    message: `AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
    why: "the sandbox knows one client secret, which is its administrator's",
    next: "Take the sandbox's admin.clientId and admin.clientSecret; workloads bring a client_assertion.",
  };
}

function refused(
  refusal: VendorRefusal,
  request: FrontRequest,
  { clock }: AzureContext,
  who: string | undefined,
): Answered {
  const { rule, number, code, message, why, next } = refusal;
  return {
    answer: errorAnswer(request, clock.now(), refusal),
    note: {
      ...defined({ who }),
      rule,
      code: number === undefined ? code : `AADSTS${number}`,
      message,
      why,
      next,
    },
  };
}

/** `POST /{tenant}/oauth2/v2.0/token` by client credentials. */
async function token(name: string, request: FrontRequest, context: AzureContext): Promise<Answered> {
  const form = new URLSearchParams(request.body.toString("utf8"));
  const facts = factsOf(name, form, request.host, context);
  const { clientAssertion, clientId = "" } = facts.request;
  const secret = form.get("client_secret") ?? "";
  if (secret !== "" && clientAssertion === undefined) return bySecret(facts, secret, request, context);
  const who = claimedBy(clientAssertion ?? "");
  const decision = await decide(facts, context);
  if (decision.outcome === "refused") return refused(decision.refusal, request, context, who);
  if (decision.outcome === "needs-documents") throw new TypeError("documents were given and asked for again");
  const client = context.tenant.client(clientId);
  if (client === undefined) throw new TypeError("an assertion was accepted for a client that is not there");
  const { resource, credential } = decision.grant;
  const { objectId, lifetime } = client;
  return {
    answer: await tokenAnswer({ clientId: clientId.toLowerCase(), objectId, lifetime, resource }, context),
    note: {
      who: credential.subject,
      rule: "federated-credential",
      why: `${credential.issuer} vouches for ${credential.subject}, and the credential ${credential.name} is for it.`,
    },
  };
}

const found = (body: object): Answered => ({ answer: { status: 200, body }, note: { rule: "public" } });

/** The refusal of a tenant's documents if there is no such tenant. */
function noTenant(name: string, request: FrontRequest, context: AzureContext): Answered {
  // The token endpoint's rule for it, applied alone.
  const decision = decideAssertion(factsOf(name, new URLSearchParams(), request.host, context), keyChecks);
  if (decision.outcome !== "refused") throw new TypeError("a request without anything was accepted");
  return refused({ ...decision.refusal, code: "invalid_tenant" }, request, context, undefined);
}

function noSuchThing({ method, url }: FrontRequest): Answered {
  const message = `podtrust sandbox: Entra's stand-in has no ${method} ${url.pathname.slice(0, 200)}`;
  return {
    answer: { status: 404, body: { error: "not_implemented", error_description: message } },
    note: { rule: "not-implemented", code: "not_implemented", message },
  };
}

/** Answers as login.microsoftonline.com and its sisters do. */
export async function entra(request: FrontRequest, context: AzureContext): Promise<Answered> {
  const { method, url, host } = request;
  const cloud = hostOf(host)?.cloud ?? "public";
  const [, name = "", path = ""] = /^\/([^/]{1,200})(\/.*)$/u.exec(url.pathname) ?? [];
  if (method === "POST" && path === "/oauth2/v2.0/token") return token(name, request, context);
  if (method !== "GET") return noSuchThing(request);
  if (url.pathname === "/common/discovery/instance") return found(instance(cloud, request));
  const document = await documentOf(path, cloud, context);
  if (document === undefined) return noSuchThing(request);
  return tenantAt(name, host, context) === undefined ? noTenant(name, request, context) : found(document);
}
