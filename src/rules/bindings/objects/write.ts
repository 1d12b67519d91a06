import { defined, mapped } from "../../../core/base/index.ts";
import { apiVersion, bindingNames, defaultProfile } from "../names/index.ts";
import type { RoleTag } from "./objects.ts";

/** A binding as a command line describes it: one role, of the default profile. */
export interface NewBinding {
  readonly namespace: string;
  /** Of the ServiceAccount. */
  readonly name: string;
  readonly trust: string;
  readonly account?: string;
  readonly policies?: readonly string[];
  /** Seconds. */
  readonly maxSession?: number;
  readonly tags?: readonly RoleTag[];
  /** ARN of a role to take over. */
  readonly adopt?: string;
  /** ARN of a role that podtrust does not manage, in place of all the above. */
  readonly existing?: string;
}

/** The AWSRoleBinding of a spec. It is not validated: `readBinding` does that. */
export function bindingObject(spec: NewBinding) {
  const { namespace, name, trust, account, policies, maxSession, tags, adopt, existing } = spec;
  const managed = defined({ policies, maxSessionSeconds: maxSession, tags, adopt });
  const isManaged = existing === undefined || Object.keys(managed).length > 0;
  const role = {
    profile: defaultProfile,
    ...defined({ account }),
    ...(isManaged ? { managed } : {}),
    ...defined({ existing: mapped(existing, (arn) => ({ arn })) }),
  };
  return {
    apiVersion,
    kind: bindingNames.kind,
    metadata: { name, namespace },
    spec: { trust, roles: [role] },
  };
}
