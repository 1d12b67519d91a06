import { type Access, allowed } from "./access.ts";
import { badRequest } from "./status.ts";
import type { User } from "./user.ts";

/** SelfSubjectReview (authentication.k8s.io/v1): who the caller is. */
export function selfSubjectReview(user: User, creationTimestamp: string): object {
  return {
    kind: "SelfSubjectReview",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { creationTimestamp },
    status: { userInfo: user },
  };
}

interface AccessSpec {
  readonly resourceAttributes?: Readonly<Record<string, string | undefined>>;
  readonly nonResourceAttributes?: Readonly<Record<string, string | undefined>>;
}

function accessOf(spec: AccessSpec): Access {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if (path !== undefined) return { verb: path["verb"] ?? "", path: path["path"] ?? "" };
  if (resource === undefined) {
    throw badRequest("exactly one of nonResourceAttributes or resourceAttributes must be specified");
  }
  const { subresource, namespace, name } = resource;
  const kind = resource["resource"] ?? "";
  return {
    verb: resource["verb"] ?? "",
    group: resource["group"] ?? "",
    resource: subresource === undefined || subresource === "" ? kind : `${kind}/${subresource}`,
    namespace,
    name,
  };
}

/** SelfSubjectAccessReview (authorization.k8s.io/v1): whether the caller may. */
export function selfSubjectAccessReview(user: User, body: object): object {
  const { spec = {} } = body as { readonly spec?: AccessSpec };
  return {
    kind: "SelfSubjectAccessReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: {},
    spec,
    status: { allowed: allowed(user, accessOf(spec)) },
  };
}
