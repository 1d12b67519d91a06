import type { Role } from "@aws-sdk/client-iam";
import { defined, PodtrustError } from "../../core/base/index.ts";
import { type Iam, iamOf } from "./iam-call.ts";
import type { RoleState } from "./role.ts";
import type { DesiredRole } from "./role-fields.ts";
import type { Cut } from "./role-cut.ts";
import { type RoleStep, strippingOf } from "./role-steps.ts";
import { additionsOf, type UpdateOptions, updateOf } from "./role-update.ts";
import { isAwsCode } from "./failure.ts";
import type { AwsSession } from "./session.ts";
import { tagList } from "./tags.ts";

/** Creates a role with everything that CreateRole takes, our tags included; policies come after. Gives IAM's answer. */
export async function createRole(iam: Iam, desired: DesiredRole): Promise<Role | undefined> {
  const { name, path, trustPolicy, description, maxSession, boundary, tags } = desired;
  const answer = await iam.change(`creating role ${name}`, (client, api, options) =>
    client.send(
      new api.CreateRoleCommand({
        RoleName: name,
        Path: path,
        AssumeRolePolicyDocument: trustPolicy,
        MaxSessionDuration: maxSession,
        Tags: tagList(tags),
        ...(description === "" ? {} : { Description: description }),
        ...defined({ PermissionsBoundary: boundary }),
      }),
      options,
    ),
  );
  return answer.Role;
}

type Performed<K extends RoleStep["kind"]> = (
  iam: Iam,
  RoleName: string,
  step: Extract<RoleStep, { readonly kind: K }>,
) => Promise<unknown>;

const putInline = (
  iam: Iam,
  RoleName: string,
  step: { readonly name: string; readonly document: string },
): Promise<unknown> => {
  const { name: PolicyName, document: PolicyDocument } = step;
  return iam.change(`writing inline policy ${PolicyName} of role ${RoleName}`, (client, api, options) =>
    client.send(new api.PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }), options),
  );
};

const setBoundary = (
  iam: Iam,
  RoleName: string,
  { boundary: PermissionsBoundary }: { readonly boundary: string },
): Promise<unknown> =>
  iam.change(`setting the permissions boundary of role ${RoleName}`, (client, api, options) =>
    client.send(new api.PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }), options),
  );

const deleteInline = (
  iam: Iam,
  RoleName: string,
  { name: PolicyName }: { readonly name: string },
): Promise<unknown> =>
  iam.remove(`deleting inline policy ${PolicyName} of role ${RoleName}`, (client, api, options) =>
    client.send(new api.DeleteRolePolicyCommand({ RoleName, PolicyName }), options),
  );

/**
 * Makes an optional change. Returns the error where IAM refused it because a right, room or the role itself is missing.
 * Throws any other.
 */
async function attempted(change: () => Promise<unknown>): Promise<PodtrustError | undefined> {
  try {
    await change();
    return undefined;
  } catch (error) {
    if (!(error instanceof PodtrustError)) throw error;
    if (["aws-denied", "aws-quota"].includes(error.code) || isAwsCode(error.cause, "NoSuchEntity"))
      return error;
    throw error;
  }
}

const performed: { readonly [K in RoleStep["kind"]]: Performed<K> } = {
  attach: (iam, RoleName, { policy: PolicyArn }) =>
    iam.change(`attaching ${PolicyArn} to role ${RoleName}`, (client, api, options) =>
      client.send(new api.AttachRolePolicyCommand({ RoleName, PolicyArn }), options),
    ),
  detach: (iam, RoleName, { policy: PolicyArn }) =>
    iam.remove(`detaching ${PolicyArn} from role ${RoleName}`, (client, api, options) =>
      client.send(new api.DetachRolePolicyCommand({ RoleName, PolicyArn }), options),
    ),
  "put-inline": putInline,
  async "reduce-inline"(iam, RoleName, step) {
    const refusal = await attempted(() => putInline(iam, RoleName, step));
    if (refusal?.code === "aws-denied" && step.orDelete === true) await deleteInline(iam, RoleName, step);
  },
  "delete-inline": deleteInline,
  async "set-boundary"(iam, RoleName, { boundary, orElse }) {
    try {
      await setBoundary(iam, RoleName, { boundary });
    } catch (error) {
      const isMissing = error instanceof PodtrustError && isAwsCode(error.cause, "NoSuchEntity");
      if (!isMissing || orElse === undefined) throw error;
      // Where the role itself is gone, this is refused as the first call was.
      const refusal = await attempted(() => setBoundary(iam, RoleName, { boundary: orElse }));
      if (refusal !== undefined) throw error;
      const message = `the permissions boundary ${boundary} does not exist: until it does, role ${RoleName} has ${orElse}`;
      throw new PodtrustError("aws-policy-missing", message, {
        cause: error.cause,
        detail: { arn: boundary },
      });
    }
  },
  async shut(iam, RoleName, step) {
    await attempted(() => setBoundary(iam, RoleName, step));
  },
  "remove-boundary": (iam, RoleName) =>
    iam.remove(`removing the permissions boundary of role ${RoleName}`, (client, api, options) =>
      client.send(new api.DeleteRolePermissionsBoundaryCommand({ RoleName }), options),
    ),
  tag: (iam, RoleName, { tags }) =>
    iam.change(`tagging role ${RoleName}`, (client, api, options) =>
      client.send(new api.TagRoleCommand({ RoleName, Tags: tagList(tags) }), options),
    ),
  untag: (iam, RoleName, { keys }) =>
    iam.change(`untagging role ${RoleName}`, (client, api, options) =>
      client.send(new api.UntagRoleCommand({ RoleName, TagKeys: [...keys] }), options),
    ),
  "set-trust": (iam, RoleName, { document: PolicyDocument }) =>
    iam.change(`changing who may assume role ${RoleName}`, (client, api, options) =>
      client.send(new api.UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }), options),
    ),
  "set-session": (iam, RoleName, { description: Description, maxSession: MaxSessionDuration }) =>
    iam.change(`changing role ${RoleName}`, (client, api, options) =>
      client.send(new api.UpdateRoleCommand({ RoleName, Description, MaxSessionDuration }), options),
    ),
};

/** Performs a step by its kind: both arguments are of one kind, which TypeScript cannot follow further. */
async function perform<K extends RoleStep["kind"]>(
  iam: Iam,
  name: string,
  step: Extract<RoleStep, { readonly kind: K }>,
): Promise<void> {
  await (performed[step.kind] as Performed<K>)(iam, name, step);
}

/** Whether the one step makes room for what the other adds: IAM bounds how much a role may have on it. */
const makesRoom = (step: RoleStep, added: RoleStep): boolean =>
  (added.kind === "attach" && step.kind === "detach") ||
  (added.kind === "put-inline" && step.kind === "delete-inline");

const takes = ({ kind }: RoleStep): boolean =>
  kind === "detach" || kind === "delete-inline" || kind === "reduce-inline";

/**
 * Does one step after the other; where what is new has no room, what goes later goes first, in its order, up to the first that makes
 * room.
 */
async function performAll(iam: Iam, name: string, steps: readonly RoleStep[]): Promise<void> {
  let left = steps;
  for (let [step] = left; step !== undefined; [step] = left) {
    const [added, later] = [step, left.slice(1)];
    try {
      await perform(iam, name, added);
      left = later;
    } catch (error) {
      const room = later.findIndex((one) => makesRoom(one, added));
      if (!(error instanceof PodtrustError) || error.code !== "aws-quota" || room === -1) throw error;
      const first = later.slice(0, room + 1).filter(takes);
      left = [...first, added, ...later.filter((one) => !first.includes(one))];
    }
  }
}

/** Puts its policies on a role that was made. */
export async function addPolicies(iam: Iam, desired: DesiredRole): Promise<void> {
  await performAll(iam, desired.name, additionsOf(desired));
}

/** Makes an existing role the desired one; its id stays. */
export async function updateRole(
  iam: Iam,
  desired: DesiredRole,
  before: RoleState,
  options?: UpdateOptions,
): Promise<void> {
  await performAll(iam, desired.name, updateOf(before, desired, options));
}

/**
 * Takes from a role what is not allowed. A narrowing step that fails does not stop the other narrowing steps, but all
 * later ones. Throws the first failure.
 */
export async function cutRole(
  session: AwsSession,
  name: string,
  { narrowing, afterwards }: Cut,
  signal?: AbortSignal,
): Promise<void> {
  const iam = iamOf(session, signal);
  const failures: unknown[] = [];
  for (const step of narrowing) {
    await perform(iam, name, step).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
  for (const step of afterwards) await perform(iam, name, step);
}

/** Deletes a role with everything on it; what is gone already is success. */
export async function deleteRole(
  iam: Iam,
  role: Pick<RoleState, "arn" | "name" | "policies" | "inline">,
): Promise<void> {
  for (const step of strippingOf(role)) await perform(iam, role.name, step);
  await iam.remove(`deleting role ${role.name}`, (client, api, options) =>
    client.send(new api.DeleteRoleCommand({ RoleName: role.name }), options),
  );
}
