import { demand } from "./access.ts";
import { refreshLogin } from "./admin-login.ts";
import type { ApiCall, ApiReply } from "./call.ts";
import { exchangeToken } from "./exchange.ts";
import { generateAccessToken } from "./impersonate.ts";
import { getPolicy, type Governed, setPolicy, testPermissions } from "./policy-operations.ts";
import { poolOperations as pools } from "./pools.ts";
import { providerOperations as providers } from "./providers.ts";
import { accessSecret, governedSecret } from "./secrets.ts";
import { accountOperations as accounts, governedAccount } from "./service-accounts.ts";
import { cloudPlatform } from "./tokens.ts";

/** One method of one of Google's APIs. */
export interface ApiMethod {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** The whole path, with names for its variable parts. */
  readonly path: RegExp;
  /** `iam:workloadIdentityPools.create` */
  readonly action: string;
  /** The scopes of which a token needs one; undefined if no token is needed. */
  readonly scopes: readonly string[] | undefined;
  readonly run: (call: ApiCall) => ApiReply | Promise<ApiReply>;
}

type Row = readonly [method: ApiMethod["method"], path: string, action: string, run: ApiMethod["run"]];

const iamScopes = [cloudPlatform, "https://www.googleapis.com/auth/iam"];

/** `{name}` matches one part of a path, without the `:verb` after it. */
function pattern(path: string): RegExp {
  const parts = path.replaceAll("*", "{project}").split(/\{(\w+)\}/u);
  // Paths have no character with a meaning in regular expressions.
  const named = parts.map((part, at) => (at % 2 === 0 ? part : `(?<${part}>[^/:]+)`));
  return new RegExp(`^${named.join("")}$`, "u");
}

const api =
  (service: string, scopes: ApiMethod["scopes"]) =>
  ([method, path, action, run]: Row): ApiMethod => ({
    method,
    path: pattern(path),
    action: `${service}:${action}`,
    scopes,
    run,
  });

const pool = "/v1/projects/*/locations/global/workloadIdentityPools";
const provider = `${pool}/{pool}/providers`;
const account = "/v1/projects/*/serviceAccounts";

const governedProject = ({ project }: ApiCall): Governed => ({
  policy: project.policy,
  resource: `projects/${project.settings.project}`,
  permissions: "resourcemanager.projects",
});

function getProject(call: ApiCall): ApiReply {
  const { project: projectId, projectNumber } = call.project.settings;
  demand(call, { permission: "resourcemanager.projects.get", resource: `projects/${projectId}` });
  return { status: 200, body: { projectNumber, projectId, lifecycleState: "ACTIVE", name: projectId } };
}

const iamRows: readonly Row[] = [
  ["POST", pool, "workloadIdentityPools.create", pools.create],
  ["GET", pool, "workloadIdentityPools.list", pools.list],
  ["GET", `${pool}/{pool}`, "workloadIdentityPools.get", pools.get],
  ["PATCH", `${pool}/{pool}`, "workloadIdentityPools.patch", pools.patch],
  ["DELETE", `${pool}/{pool}`, "workloadIdentityPools.delete", pools.delete],
  ["POST", `${pool}/{pool}:undelete`, "workloadIdentityPools.undelete", pools.undelete],
  ["GET", `${pool}/{pool}/operations/{operation}`, "operations.get", pools.operation],
  ["POST", provider, "workloadIdentityPoolProviders.create", providers.create],
  ["GET", provider, "workloadIdentityPoolProviders.list", providers.list],
  ["GET", `${provider}/{provider}`, "workloadIdentityPoolProviders.get", providers.get],
  ["PATCH", `${provider}/{provider}`, "workloadIdentityPoolProviders.patch", providers.patch],
  ["DELETE", `${provider}/{provider}`, "workloadIdentityPoolProviders.delete", providers.delete],
  ["POST", `${provider}/{provider}:undelete`, "workloadIdentityPoolProviders.undelete", providers.undelete],
  ["GET", `${provider}/{provider}/operations/{operation}`, "operations.get", pools.operation],
  ["POST", account, "serviceAccounts.create", accounts.create],
  ["GET", account, "serviceAccounts.list", accounts.list],
  ["GET", `${account}/{account}`, "serviceAccounts.get", accounts.get],
  ["DELETE", `${account}/{account}`, "serviceAccounts.delete", accounts.delete],
  ["POST", `${account}/{account}:disable`, "serviceAccounts.disable", accounts.disable],
  ["POST", `${account}/{account}:enable`, "serviceAccounts.enable", accounts.enable],
  ["POST", `${account}/{account}:getIamPolicy`, "serviceAccounts.getIamPolicy", getPolicy(governedAccount)],
  ["POST", `${account}/{account}:setIamPolicy`, "serviceAccounts.setIamPolicy", setPolicy(governedAccount)],
  [
    "POST",
    `${account}/{account}:testIamPermissions`,
    "serviceAccounts.testIamPermissions",
    testPermissions(governedAccount),
  ],
];

const projectRows: readonly Row[] = [
  ["GET", "/v1/projects/*", "projects.get", getProject],
  ["POST", "/v1/projects/*:getIamPolicy", "projects.getIamPolicy", getPolicy(governedProject)],
  ["POST", "/v1/projects/*:setIamPolicy", "projects.setIamPolicy", setPolicy(governedProject)],
  [
    "POST",
    "/v1/projects/*:testIamPermissions",
    "projects.testIamPermissions",
    testPermissions(governedProject),
  ],
];

const secret = "/v1/projects/*/secrets/{secret}";
const secretRows: readonly Row[] = [
  ["GET", `${secret}/versions/{version}:access`, "versions.access", accessSecret],
  ["GET", `${secret}:getIamPolicy`, "secrets.getIamPolicy", getPolicy(governedSecret)],
  ["POST", `${secret}:setIamPolicy`, "secrets.setIamPolicy", setPolicy(governedSecret)],
];

/** All routes of this stand-in. The paths of Google's hosts do not collide, so that one port serves them all. */
export const routes: readonly ApiMethod[] = [
  api("sts", undefined)(["POST", "/v1/token", "token", exchangeToken]),
  api("oauth2", undefined)(["POST", "/token", "token", refreshLogin]),
  api(
    "iamcredentials",
    iamScopes,
  )(["POST", `${account}/{account}:generateAccessToken`, "generateAccessToken", generateAccessToken]),
  ...iamRows.map(api("iam", iamScopes)),
  ...projectRows.map(api("cloudresourcemanager", [cloudPlatform])),
  ...secretRows.map(api("secretmanager", [cloudPlatform])),
];
