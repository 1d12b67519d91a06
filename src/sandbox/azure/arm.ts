import type { FrontAnswer, FrontRequest } from "../front/index.ts";
import type { ServicePrincipal } from "./access-tokens.ts";
import { credentials, credentialType } from "./arm-credentials.ts";
import { identities, identityType, notTaken, oneIdentity } from "./arm-identities.ts";
import {
  type Answered,
  answering,
  AzureError,
  type AzureContext,
  callerOf,
  type TokenChallenge,
  pathOf,
} from "./service.ts";
import { keyOf } from "./tenant.ts";

/** What an address below a subscription names; all names in it are case-insensitive. */
interface ArmPath {
  readonly subscription: string;
  readonly group: string | undefined;
  /** Whether it names the group itself. */
  readonly isGroup: boolean;
  readonly identity: string | undefined;
  /** Whether it names an identity's federated credentials; with `credential`: that one. */
  readonly isCredentials: boolean;
  readonly credential: string | undefined;
}

const groupType = "Microsoft.Resources/subscriptions/resourceGroups";
const groupForm = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)$/iu;
const form =
  /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+))?\/providers\/Microsoft\.ManagedIdentity\/userAssignedIdentities(?:\/([^/]+)(?:\/(federatedIdentityCredentials)(?:\/([^/]+))?)?)?$/iu;

function armPathOf(request: FrontRequest): ArmPath {
  const path = pathOf(request);
  const isGroup = groupForm.test(path);
  const [, subscription, group, identity, below, credential] = (isGroup ? groupForm : form).exec(path) ?? [];
  if (subscription === undefined || (identity !== undefined && group === undefined))
    throw new AzureError(
      404,
      "NotImplemented",
      `podtrust sandbox: ARM's stand-in has no ${request.method} ${path.slice(0, 300)}`,
      { next: "It has resource groups, user-assigned identities and their federated credentials." },
    );
  return { subscription, group, isGroup, identity, isCredentials: below !== undefined, credential };
}

const words = {
  absent: ["AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."],
  foreign: ["InvalidAuthenticationToken", "The access token is invalid."],
  expired: ["ExpiredAuthenticationToken", "The access token expiry time is earlier than the current time."],
  audience: [
    "InvalidAuthenticationTokenAudience",
    "The access token has been obtained for wrong audience or resource.",
  ],
} as const;

function challengeOf({ tenant }: AzureContext): TokenChallenge {
  const { login, management } = tenant.hosts;
  const uri = `https://${login[0]}/${tenant.settings.tenant}`;
  return {
    audiences: [`https://${management}`, "https://management.core.windows.net"],
    refuse(why) {
      const [code, message] = words[why];
      const header = `Bearer authorization_uri="${uri}", error="invalid_token", error_description="${message}"`;
      return new AzureError(401, code, message, {
        headers: { "www-authenticate": header },
        rule: "access-token",
      });
    },
  };
}

function checkAdministrator(caller: ServicePrincipal, request: FrontRequest, { tenant }: AzureContext): void {
  if (caller.clientId === tenant.admin.clientId) return;
  const verb = { GET: "read", DELETE: "delete" }[request.method] ?? "write";
  const scope = pathOf(request).slice(0, 300);
  const ofIdentity = /federatedIdentityCredentials/iu.test(scope) ? credentialType : identityType;
  const type = groupForm.test(scope) ? groupType : ofIdentity;
  throw new AzureError(
    403,
    "AuthorizationFailed",
    `The client '${caller.clientId}' with object id '${caller.objectId}' does not have authorization to perform action '${type}/${verb}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    {
      rule: "administrator",
      next: "Ask as the sandbox's administrator: no other principal has rights at its ARM.",
    },
  );
}

/** What every request must get right before its target is looked up: the group, in its own letter case. */
function groupOf(request: FrontRequest, path: ArmPath, { tenant }: AzureContext): string | undefined {
  const version = request.url.searchParams.get("api-version") ?? "";
  if (!/^\d{4}-\d{2}-\d{2}(?:-preview)?$/iu.test(version))
    throw new AzureError(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required for all requests.",
    );
  if (path.subscription.toLowerCase() !== tenant.settings.subscription)
    throw new AzureError(
      404,
      "SubscriptionNotFound",
      `The subscription '${path.subscription}' could not be found.`,
    );
  if (path.group === undefined) return undefined;
  const group = tenant.resourceGroup(path.group);
  if (group !== undefined) return group;
  throw new AzureError(404, "ResourceGroupNotFound", `Resource group '${path.group}' could not be found.`);
}

/** A resource group, read-only. A sandbox's groups are in the default location of identities. */
function oneGroup({ method }: FrontRequest, name: string, { tenant }: AzureContext): FrontAnswer {
  if (method !== "GET") throw notTaken("a resource group", method);
  const id = `/subscriptions/${tenant.settings.subscription}/resourceGroups/${name}`;
  const properties = { provisioningState: "Succeeded" };
  return {
    status: 200,
    body: { id, name, type: "Microsoft.Resources/resourceGroups", location: "westeurope", properties },
  };
}

async function answer(request: FrontRequest, context: AzureContext): Promise<FrontAnswer> {
  const path = armPathOf(request);
  const group = groupOf(request, path, context);
  const { identity: name } = path;
  if (path.isGroup && group !== undefined) return oneGroup(request, group, context);
  if (name === undefined || group === undefined) return identities(request, group, context);
  if (!path.isCredentials) return oneIdentity(request, group, name, context);
  const identity = context.tenant.identities.get(keyOf(group, name));
  if (identity !== undefined) return credentials(request, identity, path.credential, context);
  throw new AzureError(404, "ParentResourceNotFound", "The parent user-assigned identity doesn't exist.");
}

/**
 * Answers as Azure Resource Manager does, for reading resource groups, and for user-assigned identities and their
 * federated credentials (api-version 2024-11-30).
 */
export function arm(request: FrontRequest, context: AzureContext): Promise<Answered> {
  let who: string | undefined;
  return answering(
    () => who,
    async () => {
      const caller = await callerOf(request, context, challengeOf(context));
      who = caller.clientId;
      checkAdministrator(caller, request, context);
      return answer(request, context);
    },
  );
}
