import { demand, hasPermission } from "./access.ts";
import type { ApiCall, ApiReply } from "./call.ts";
import { objectField, textsField } from "./fields.ts";
import { checkMember } from "./members.ts";
import type { IamPolicy } from "./policy.ts";

/** A resource with a policy of its own. */
export interface Governed {
  readonly policy: IamPolicy;
  /** The full name, for a refusal. */
  readonly resource: string;
  /** Prefix of its permissions: `iam.serviceAccounts`. */
  readonly permissions: string;
}

function versionOf(call: ApiCall): number {
  const inQuery = call.query.get("options.requestedPolicyVersion");
  const inBody = objectField(call.json(), "options")["requestedPolicyVersion"];
  return Number(inQuery ?? inBody ?? 1);
}

/** `getIamPolicy` of the resource that a path names; `of` throws if there is none. */
export const getPolicy =
  (of: (call: ApiCall) => Governed) =>
  (call: ApiCall): ApiReply => {
    const { policy, resource, permissions } = of(call);
    demand(call, { permission: `${permissions}.getIamPolicy`, resource, policy });
    return { status: 200, body: policy.show(versionOf(call)) };
  };

/** `setIamPolicy`: the whole policy, with the etag of the one that was read. */
export const setPolicy =
  (of: (call: ApiCall) => Governed) =>
  (call: ApiCall): ApiReply => {
    const { policy, resource, permissions } = of(call);
    demand(call, { permission: `${permissions}.setIamPolicy`, resource, policy });
    policy.write(call.json()["policy"], call.now, (member) => checkMember(call.project, member));
    return { status: 200, body: policy.show(3) };
  };

/** `testIamPermissions`: of the requested permissions, those that the caller has. */
export const testPermissions =
  (of: (call: ApiCall) => Governed) =>
  (call: ApiCall): ApiReply => {
    const { policy } = of(call);
    const held = textsField(call.json(), "permissions").filter((one) => hasPermission(call, one, policy));
    return { status: 200, body: held.length === 0 ? {} : { permissions: held } };
  };
