import type { Role } from "@aws-sdk/client-iam";
import type { Iam } from "./iam-call.ts";
import type { RoleState } from "./role.ts";
import type { WantedRole } from "./role-fields.ts";
import { samePolicy } from "./same-policy.ts";
import { tagChanges, tagList } from "./tags.ts";

/** Creates a role with everything that CreateRole takes, our tags included; policies come after. Gives IAM's answer. */
export async function createRole(iam: Iam, wanted: WantedRole): Promise<Role | undefined> {
  const { name, path, trustPolicy, description, maxSession, boundary, tags } = wanted;
  const answer = await iam.change(`creating role ${name}`, (client, api, options) =>
    client.send(
      new api.CreateRoleCommand({
        RoleName: name,
        Path: path,
        AssumeRolePolicyDocument: trustPolicy,
        MaxSessionDuration: maxSession,
        Tags: tagList(tags),
        ...(description === "" ? {} : { Description: description }),
        ...(boundary === undefined ? {} : { PermissionsBoundary: boundary }),
      }),
      options,
    ),
  );
  return answer.Role;
}

async function updateTrust(iam: Iam, wanted: WantedRole, before: RoleState): Promise<void> {
  if (samePolicy(before.trustPolicy, wanted.trustPolicy, "trust")) return;
  const input = { RoleName: wanted.name, PolicyDocument: wanted.trustPolicy };
  await iam.change(`changing who may assume role ${wanted.name}`, (client, api, options) =>
    client.send(new api.UpdateAssumeRolePolicyCommand(input), options),
  );
}

async function updateSettings(iam: Iam, wanted: WantedRole, before: RoleState): Promise<void> {
  const { name, description, maxSession, boundary } = wanted;
  if (before.description !== description || before.maxSession !== maxSession) {
    const input = { RoleName: name, Description: description, MaxSessionDuration: maxSession };
    await iam.change(`changing role ${name}`, (client, api, options) =>
      client.send(new api.UpdateRoleCommand(input), options),
    );
  }
  if (before.boundary === boundary) return;
  if (boundary === undefined) {
    await iam.remove(`removing the permissions boundary of role ${name}`, (client, api, options) =>
      client.send(new api.DeleteRolePermissionsBoundaryCommand({ RoleName: name }), options),
    );
  } else {
    const input = { RoleName: name, PermissionsBoundary: boundary };
    await iam.change(`setting the permissions boundary of role ${name}`, (client, api, options) =>
      client.send(new api.PutRolePermissionsBoundaryCommand(input), options),
    );
  }
}

async function attach(iam: Iam, RoleName: string, arns: readonly string[]): Promise<void> {
  for (const PolicyArn of arns) {
    await iam.change(`attaching ${PolicyArn} to role ${RoleName}`, (client, api, options) =>
      client.send(new api.AttachRolePolicyCommand({ RoleName, PolicyArn }), options),
    );
  }
}

async function detach(iam: Iam, RoleName: string, arns: readonly string[]): Promise<void> {
  for (const PolicyArn of arns) {
    await iam.remove(`detaching ${PolicyArn} from role ${RoleName}`, (client, api, options) =>
      client.send(new api.DetachRolePolicyCommand({ RoleName, PolicyArn }), options),
    );
  }
}

async function putInline(iam: Iam, RoleName: string, policies: RoleState["inline"]): Promise<void> {
  for (const [PolicyName, PolicyDocument] of Object.entries(policies)) {
    await iam.change(`writing inline policy ${PolicyName} of role ${RoleName}`, (client, api, options) =>
      client.send(new api.PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }), options),
    );
  }
}

async function deleteInline(iam: Iam, RoleName: string, names: readonly string[]): Promise<void> {
  for (const PolicyName of names) {
    await iam.remove(`deleting inline policy ${PolicyName} of role ${RoleName}`, (client, api, options) =>
      client.send(new api.DeleteRolePolicyCommand({ RoleName, PolicyName }), options),
    );
  }
}

/** The policies on a role. Inline ones come first: a Deny among them stands before a new Allow is attached. */
export async function updatePolicies(
  iam: Iam,
  wanted: WantedRole,
  before: Pick<RoleState, "policies" | "inline">,
): Promise<void> {
  const differs = ([name, text]: readonly [string, string]): boolean =>
    before.inline[name] === undefined || !samePolicy(before.inline[name], text, "identity");
  await putInline(iam, wanted.name, Object.fromEntries(Object.entries(wanted.inline).filter(differs)));
  await detach(
    iam,
    wanted.name,
    before.policies.filter((arn) => !wanted.policies.includes(arn)),
  );
  await attach(
    iam,
    wanted.name,
    wanted.policies.filter((arn) => !before.policies.includes(arn)),
  );
  const surplus = Object.keys(before.inline).filter((name) => !Object.hasOwn(wanted.inline, name));
  await deleteInline(iam, wanted.name, surplus);
}

async function updateTags(iam: Iam, wanted: WantedRole, before: RoleState): Promise<void> {
  const { set, remove } = tagChanges(before.tags, wanted.tags);
  const RoleName = wanted.name;
  if (Object.keys(set).length > 0) {
    await iam.change(`tagging role ${RoleName}`, (client, api, options) =>
      client.send(new api.TagRoleCommand({ RoleName, Tags: tagList(set) }), options),
    );
  }
  if (remove.length > 0) {
    await iam.change(`untagging role ${RoleName}`, (client, api, options) =>
      client.send(new api.UntagRoleCommand({ RoleName, TagKeys: [...remove] }), options),
    );
  }
}

/** Brings a role that exists to what it shall be; its id stays. */
export async function updateRole(iam: Iam, wanted: WantedRole, before: RoleState): Promise<void> {
  // The tags first: what is being taken over must be ours before anything else about it changes.
  await updateTags(iam, wanted, before);
  await updateTrust(iam, wanted, before);
  await updateSettings(iam, wanted, before);
  await updatePolicies(iam, wanted, before);
}

/** Deletes a role with everything on it; what is gone already is success. */
export async function deleteRole(
  iam: Iam,
  role: Pick<RoleState, "name" | "policies" | "inline">,
): Promise<void> {
  await detach(iam, role.name, role.policies);
  await deleteInline(iam, role.name, Object.keys(role.inline));
  await iam.remove(`deleting role ${role.name}`, (client, api, options) =>
    client.send(new api.DeleteRoleCommand({ RoleName: role.name }), options),
  );
}
