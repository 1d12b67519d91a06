import { defined } from "../../core/base/index.ts";
import type { User } from "./user.ts";
import { StatusError } from "./status.ts";

/** A requested access. */
export type Access =
  | { readonly verb: string; readonly path: string }
  | {
      readonly verb: string;
      readonly group: string;
      /** Plural; with a subresource as `serviceaccounts/token`. */
      readonly resource: string;
      readonly namespace?: string | undefined;
      readonly name?: string | undefined;
    };

/** The user of the publisher's kubeconfig. */
export const publisherUser = "podtrust-publisher";

export const discoveryPath = "/.well-known/openid-configuration";
export const jwksPath = "/openid/v1/jwks";

const issuerPaths = new Set([discoveryPath, jwksPath]);
const publicPaths = /^\/(?:healthz|livez|readyz|version\/?)$/u;
const discoverableApi = /^\/(?:api|apis|openapi)(?:\/|$)/u;
const ownReviews = new Set([
  "authentication.k8s.io selfsubjectreviews",
  "authorization.k8s.io selfsubjectaccessreviews",
]);

function mayReadPath(user: User, path: string): boolean {
  // system:service-account-issuer-discovery, which Kubernetes binds to every ServiceAccount.
  if (issuerPaths.has(path)) {
    return user.username === publisherUser || user.groups.includes("system:serviceaccounts");
  }
  if (publicPaths.test(path)) return true;
  return discoverableApi.test(path) && user.groups.includes("system:authenticated");
}

/**
 * Whether a user may: a table in place of RBAC, equal to Kubernetes' bootstrap roles (cluster-admin, system:discovery,
 * system:public-info-viewer, system:basic-user, system:service-account-issuer-discovery).
 */
export function allowed(user: User, access: Access): boolean {
  if (user.groups.includes("system:masters")) return true;
  if ("path" in access) return access.verb === "get" && mayReadPath(user, access.path);
  return (
    access.verb === "create" &&
    ownReviews.has(`${access.group} ${access.resource}`) &&
    user.groups.includes("system:authenticated")
  );
}

/** 403 with the API server's sentence. */
export function forbidden(user: User, access: Access): StatusError {
  const who = `User "${user.username}" cannot ${access.verb}`;
  if ("path" in access) {
    return new StatusError(403, "Forbidden", `forbidden: ${who} path "${access.path}"`, {});
  }
  const { resource, name, namespace, group } = access;
  const kind = resource.split("/")[0] ?? resource;
  const object = name === undefined ? kind : `${kind} "${name}"`;
  const where = namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const message = `${object} is forbidden: ${who} resource "${resource}" in API group "${group}" ${where}`;
  return new StatusError(403, "Forbidden", message, { ...defined({ name }), kind });
}
