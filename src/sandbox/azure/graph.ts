import { randomUUID } from "node:crypto";
import { isoSeconds } from "../../core/base/index.ts";
import type { FrontAnswer, FrontRequest } from "../front/index.ts";
import {
  type CredentialFault,
  CredentialRefused,
  type KeptCredential,
  type WrittenCredential,
} from "./credentials.ts";
import {
  type Answered,
  answering,
  AzureError,
  type AzureContext,
  callerOf,
  type TokenChallenge,
  correlationOf,
  jsonOf,
  pathOf,
} from "./service.ts";
import type { Application } from "./tenant.ts";

function challengeOf({ tenant }: AzureContext): TokenChallenge {
  const texts = {
    absent: "Access token is empty.",
    foreign: "Invalid access token.",
    expired: "Lifetime validation failed, the token is expired.",
    audience: "Access token validation failure. Invalid audience.",
  } as const;
  return {
    audiences: [`https://${tenant.hosts.graph}`],
    refuse: (why) => new AzureError(401, "InvalidAuthenticationToken", texts[why], { rule: "access-token" }),
  };
}

function noResource(name: string): AzureError {
  return new AzureError(
    404,
    "Request_ResourceNotFound",
    `Resource '${name}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

const badRequest = (message: string): AzureError => new AzureError(400, "Request_BadRequest", message);
const noJson = (): AzureError => badRequest("Unable to read JSON request payload.");

function shown({ id, appId, displayName }: Application): object {
  return { id, appId, displayName };
}

function shownCredential({ id, name, issuer, subject, audiences, description }: KeptCredential): object {
  return { id, name, issuer, subject, description, audiences };
}

const wrongValue = "InvalidFederatedIdentityCredentialValue";

/** Graph's texts for these are unknown; these are ours. */
const ours: Readonly<Partial<Record<CredentialFault, string>>> = {
  "no-fields": "issuer, subject and audiences are required.",
  "audience-count": "a federated identity credential has exactly one audience.",
  name: "the name has 3 to 120 letters, digits, dashes and underscores.",
  length: "every value has 600 characters at most.",
  "too-many": "the application has 20 federated identity credentials, and takes no more.",
  concurrent: "another write of the application is under way.",
};

/** Graph's words, as far as users have quoted them. */
function faultError(
  fault: CredentialFault,
  { name, issuer, subject }: Partial<WrittenCredential>,
): AzureError {
  if (fault === "not-found") return noResource(String(name));
  if (fault === "name-exists")
    return new AzureError(
      409,
      "Request_MultipleObjectsWithSameKeyValue",
      `FederatedIdentityCredential with name ${String(name)} already exists.`,
    );
  if (fault === "pair-exists")
    return new AzureError(
      400,
      wrongValue,
      `The combination of issuer and subject must be unique for the application. Issuer ${String(issuer)} and Subject: ${String(subject)} already exist. paramName: FederatedIdentityCredential.Subject, paramValue: ${String(subject)}, objectType: Microsoft.Online.DirectoryServices.Application`,
    );
  const [status, code] =
    fault === "concurrent" ? ([409, "Request_Conflict"] as const) : ([400, wrongValue] as const);
  return new AzureError(status, code, `podtrust sandbox: ${ours[fault] ?? fault}`);
}

/** `applications/ID`, or `applications(appId='ID')`. */
function applicationOf(key: string, { tenant }: AzureContext): Application {
  const [, appId] = /^\(appId='([^']+)'\)$/iu.exec(key) ?? [];
  const all = [...tenant.applications.values()];
  const found = all.find((one) =>
    appId === undefined ? `/${one.id}` === key.toLowerCase() : one.appId === appId.toLowerCase(),
  );
  if (found === undefined) throw noResource(appId ?? key.slice(1));
  return found;
}

const filterForm = /^(appId|displayName) eq '((?:[^']|'')*)'$/iu;

function applications({ url, method }: FrontRequest, { tenant }: AzureContext): FrontAnswer {
  if (method !== "GET")
    throw new AzureError(
      405,
      "Request_BadRequest",
      "podtrust sandbox: Graph's stand-in makes no applications.",
      {
        next: "Have the application there from the start: `applications` of the seed.",
      },
    );
  const filter = url.searchParams.get("$filter");
  const all = [...tenant.applications.values()];
  if (filter === null) return { status: 200, body: { value: all.map(shown) } };
  const [, name, text = ""] = filterForm.exec(filter) ?? [];
  if (name === undefined)
    throw badRequest("podtrust sandbox: $filter is `appId eq '…'` or `displayName eq '…'`.");
  const wanted = text.replaceAll("''", "'");
  const member = name.toLowerCase() === "appid" ? "appId" : "displayName";
  return { status: 200, body: { value: all.filter((one) => one[member] === wanted).map(shown) } };
}

/** The stored credential with a PATCH's changes: the name stays. */
function patched(
  before: KeptCredential | undefined,
  name: string,
  body: Readonly<Record<string, unknown>>,
): WrittenCredential {
  const { issuer, subject, audiences, description } = { ...before, ...body };
  return { name: before?.name ?? name, issuer, subject, audiences, description };
}

async function written(
  request: FrontRequest,
  application: Application,
  name: string | undefined,
): Promise<FrontAnswer> {
  const { method, headers } = request;
  const kept = application.credentials;
  const body = jsonOf(request, noJson);
  const before = name === undefined ? undefined : kept.get(name);
  const { issuer, subject, audiences, description } = body;
  const next =
    name === undefined
      ? { name: body["name"], issuer, subject, audiences, description }
      : patched(before, name, body);
  const mayMake = (headers["prefer"] ?? "").includes("create-if-missing");
  try {
    const only = method === "POST" ? "new" : mayMake ? undefined : "there";
    const done = await kept.put(next, randomUUID, only);
    if (method === "PATCH" && done === "replaced") return { status: 204 };
  } catch (error) {
    if (error instanceof CredentialRefused) throw faultError(error.fault, next);
    throw error;
  }
  const made = kept.get(String(next.name));
  if (made === undefined) throw noResource(String(next.name));
  const context = `https://${request.host}/v1.0/$metadata#applications('${application.id}')/federatedIdentityCredentials/$entity`;
  return { status: 201, body: { "@odata.context": context, ...shownCredential(made) } };
}

async function credentials(
  request: FrontRequest,
  application: Application,
  name: string | undefined,
): Promise<FrontAnswer> {
  const { method } = request;
  const kept = application.credentials;
  const mayWrite = name === undefined ? method === "POST" : method === "PATCH";
  if (mayWrite) return written(request, application, name);
  if (name === undefined && method === "GET")
    return { status: 200, body: { value: kept.list().map(shownCredential) } };
  if (name === undefined || (method !== "GET" && method !== "DELETE"))
    throw new AzureError(
      405,
      "Request_BadRequest",
      `Specified HTTP method is not allowed for the request target.`,
    );
  const there = kept.get(name);
  if (there === undefined) throw noResource(name);
  if (method === "GET") return { status: 200, body: shownCredential(there) };
  try {
    await kept.delete(name);
  } catch (error) {
    if (error instanceof CredentialRefused) throw faultError(error.fault, { name });
    throw error;
  }
  return { status: 204 };
}

const path =
  /^\/v1\.0\/applications(\/[^/]+|\(appId='[^']+'\))?(?:\/(federatedIdentityCredentials)(?:\/([^/]+)|\(name='([^']+)'\))?)?$/iu;

function answer(request: FrontRequest, context: AzureContext): Promise<FrontAnswer> | FrontAnswer {
  // Microsoft's own client for Python requests /v1.0//applications, and Graph accepts it.
  const asked = pathOf(request).replaceAll(/\/{2,}/gu, "/");
  const [matched, key, isCredentials, id, name] = path.exec(asked) ?? [];
  if (matched === undefined || (key === undefined && isCredentials !== undefined))
    throw badRequest(`podtrust sandbox: Graph's stand-in has no ${request.method} ${asked.slice(0, 300)}`);
  if (key === undefined) return applications(request, context);
  const application = applicationOf(key, context);
  if (isCredentials !== undefined) return credentials(request, application, id ?? name);
  if (request.method !== "GET")
    throw new AzureError(
      405,
      "Request_BadRequest",
      "podtrust sandbox: Graph's stand-in changes no applications.",
    );
  return { status: 200, body: shown(application) };
}

/** Answers as Microsoft Graph does, for the federated credentials of existing applications. */
export function graph(request: FrontRequest, context: AzureContext): Promise<Answered> {
  let who: string | undefined;
  const { clock } = context;
  return answering(
    () => who,
    async () => {
      const caller = await callerOf(request, context, challengeOf(context));
      who = caller.clientId;
      if (caller.clientId !== context.tenant.admin.clientId)
        throw new AzureError(
          403,
          "Authorization_RequestDenied",
          "Insufficient privileges to complete the operation.",
          {
            rule: "administrator",
            next: "Ask as the sandbox's administrator: no other principal has rights at its Graph.",
          },
        );
      return answer(request, context);
    },
    {
      innerError: {
        date: isoSeconds(clock.now()).replace("Z", ""),
        "request-id": randomUUID(),
        "client-request-id": correlationOf(request),
      },
    },
  );
}
