import { randomUUID } from "node:crypto";
import type { FrontAnswer, FrontRequest } from "../front/index.ts";
import { badRequest, identityType, idOf, noJson, notTaken, page } from "./arm-identities.ts";
import { type CredentialFault, CredentialRefused, type KeptCredential } from "./credentials.ts";
import { AzureError, type AzureContext, jsonOf } from "./service.ts";
import type { UserAssignedIdentity } from "./tenant.ts";

export const credentialType = `${identityType}/federatedIdentityCredentials`;

function shown(credential: KeptCredential, identity: UserAssignedIdentity, context: AzureContext): object {
  const { name, issuer, subject, audiences } = credential;
  return {
    id: `${idOf(identity, context)}/federatedIdentityCredentials/${name}`,
    name,
    type: credentialType,
    properties: { issuer, subject, audiences },
  };
}

/**
 * ARM's words, from "Workload identity federation: important considerations" and from answers that users have quoted.
 * The texts for the limit and for lengths are unknown: ours begin with our name.
 */
const texts: Readonly<Partial<Record<CredentialFault, string>>> = {
  "no-fields":
    "The request format was unexpected. Federated Identity Credential must specify 'issuer', 'subject' and 'audience'.",
  "pair-exists": "Issuer and subject combination already exists for this Managed Identity.",
  length: "podtrust sandbox: issuer, subject and audience have 600 characters at most.",
  "too-many": "podtrust sandbox: the identity has 20 federated identity credentials, and takes no more.",
};

function faultError(fault: CredentialFault, name: string, identity: string): AzureError {
  if (fault === "name")
    return badRequest(
      `Federated Identity Credential name '${name}' is invalid. Alphanumeric, dash, underscore, no more than 3-120 symbols. First symbol is alphanumeric.`,
    );
  if (fault === "audience-count")
    return new AzureError(
      400,
      "InvalidFederatedIdentityCredentialsAudienceLength",
      "Federated identity credentials must have exactly 1 audience.",
    );
  if (fault !== "concurrent") return badRequest(texts[fault] ?? fault);
  return new AzureError(
    409,
    "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
    `Too many Federated Identity Credentials are written concurrently for the managed identity '${identity.toLowerCase()}'. Concurrent Federated Identity Credentials writes under the same managed identity are not supported.`,
    { rule: "one-write-at-a-time", next: "Write the credentials of one identity one after another." },
  );
}

async function put(
  request: FrontRequest,
  { credentials: kept }: UserAssignedIdentity,
  name: string,
): Promise<number> {
  const { properties } = jsonOf(request, noJson);
  if (typeof properties !== "object" || properties === null)
    throw badRequest("Federated Identity Credential from HTTP body has empty properties");
  // A write without audiences gets the error about their number, as one with an empty list.
  const { issuer, subject, audiences = [] } = properties as Record<string, unknown>;
  const done = await kept.put({ name, issuer, subject, audiences }, randomUUID);
  return done === "made" ? 201 : 200;
}

async function one(
  request: FrontRequest,
  identity: UserAssignedIdentity,
  name: string,
  context: AzureContext,
): Promise<FrontAnswer> {
  const { method } = request;
  if (method === "DELETE") return { status: (await identity.credentials.delete(name)) ? 200 : 204 };
  if (method !== "GET" && method !== "PUT") throw notTaken("a federated credential", method);
  const status = method === "PUT" ? await put(request, identity, name) : 200;
  const credential = identity.credentials.get(name);
  if (credential !== undefined) return { status, body: shown(credential, identity, context) };
  throw new AzureError(
    404,
    "NotFound",
    `podtrust sandbox: the identity has no federated identity credential '${name}'.`,
  );
}

/** The federated credentials of an identity; given a name, only that one. */
export async function credentials(
  request: FrontRequest,
  identity: UserAssignedIdentity,
  name: string | undefined,
  context: AzureContext,
): Promise<FrontAnswer> {
  if (name === undefined) {
    if (request.method !== "GET") throw notTaken("the list of federated credentials", request.method);
    const all = identity.credentials.list().map((credential) => shown(credential, identity, context));
    return page(all, request);
  }
  try {
    return await one(request, identity, name, context);
  } catch (error) {
    if (error instanceof CredentialRefused) throw faultError(error.fault, name, idOf(identity, context));
    throw error;
  }
}
