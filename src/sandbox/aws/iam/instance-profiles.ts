import { type Account, roleKey } from "../state/account.ts";
import type { InstanceProfile } from "../state/records.ts";
import { uniqueId } from "../state/identifier.ts";
import { type ServiceAction, action, type Need } from "../wire/service.ts";
import type { Shape } from "../wire/value.ts";
import type { IamContext } from "./context.ts";
import { alreadyExists, deleteConflict, noSuchEntity } from "./errors.ts";
import { instanceProfileName, paging, path, pathPrefix, roleName, tags } from "./fields.ts";
import { pageOf, sortedBy } from "./page.ts";
import { withinQuota } from "./quotas.ts";
import { roleNeed, roleOf, roleShape } from "./role-view.ts";
import {
  instanceProfileTagRules,
  requestTagContext,
  requestTags,
  resourceTagContext,
  sortedTags,
  tagShapes,
} from "./tags.ts";

/** Error texts in this file are those of moto's tests (getmoto/moto, tests/test_iam), with the codes of the API model. */
export function instanceProfileOf({ account }: IamContext, name: string): InstanceProfile {
  const profile = account.instanceProfiles.get(roleKey(name));
  if (profile === undefined) throw noSuchEntity(`Instance Profile ${name} cannot be found.`);
  return profile;
}

function arnOf({ id }: Account, at: string, name: string): string {
  return `arn:aws:iam::${id}:instance-profile${at}${name}`;
}

/** Rights that an operation on one instance profile needs. */
export function instanceProfileNeed({ account }: IamContext, operation: string, name: string): Need {
  const profile = account.instanceProfiles.get(roleKey(name));
  return {
    action: `iam:${operation}`,
    resource: profile?.arn ?? arnOf(account, "/", name),
    shown: `instance profile ${name}`,
    context: resourceTagContext(profile?.tags ?? []),
  };
}

/** The instance profiles that contain a role. */
export function profilesOfRole(account: Account, role: string): readonly InstanceProfile[] {
  const holds = (profile: InstanceProfile): boolean =>
    profile.role !== undefined && roleKey(profile.role) === roleKey(role);
  return sortedBy(account.instanceProfiles.values().filter(holds), ({ name }) => name);
}

/** An instance profile as answers show it; lists leave its tags out. */
export function instanceProfileShape(
  context: IamContext,
  profile: InstanceProfile,
  view: "listed" | "full",
): Shape {
  const { account } = context;
  const role = profile.role === undefined ? undefined : account.roles.get(roleKey(profile.role));
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: profile.arn,
    CreateDate: new Date(profile.createDate),
    Roles: role === undefined ? [] : [roleShape(role, "listed")],
    Tags: view === "full" ? tagShapes(sortedTags(profile.tags)) : undefined,
  };
}

function create(context: IamContext): ServiceAction {
  const { account } = context;
  return action({
    input: { InstanceProfileName: instanceProfileName, Path: path, Tags: tags },
    access(params) {
      const need: Need = {
        action: "iam:CreateInstanceProfile",
        resource: arnOf(account, params.Path ?? "/", params.InstanceProfileName),
        context: requestTagContext(params.Tags),
      };
      return (params.Tags ?? []).length === 0
        ? [need]
        : [need, { ...need, action: "iam:TagInstanceProfile" }];
    },
    run(params, call) {
      const own = requestTags(params.Tags, instanceProfileTagRules);
      const name = params.InstanceProfileName;
      if (account.instanceProfiles.has(roleKey(name))) {
        throw alreadyExists(`Instance Profile ${name} already exists.`);
      }
      withinQuota("InstanceProfilesPerAccount", account.instanceProfiles.size + 1);
      const at = params.Path ?? "/";
      const profile: InstanceProfile = {
        name,
        path: at,
        id: uniqueId("AIPA"),
        arn: arnOf(account, at, name),
        createDate: call.now,
        tags: own,
      };
      account.instanceProfiles.set(roleKey(name), profile);
      return { InstanceProfile: instanceProfileShape(context, profile, "full") };
    },
  });
}

function get(context: IamContext): ServiceAction {
  return action({
    input: { InstanceProfileName: instanceProfileName },
    access: (params) => [instanceProfileNeed(context, "GetInstanceProfile", params.InstanceProfileName)],
    run(params) {
      const profile = instanceProfileOf(context, params.InstanceProfileName);
      return { InstanceProfile: instanceProfileShape(context, profile, "full") };
    },
  });
}

function remove(context: IamContext): ServiceAction {
  return action({
    input: { InstanceProfileName: instanceProfileName },
    access: (params) => [instanceProfileNeed(context, "DeleteInstanceProfile", params.InstanceProfileName)],
    run(params) {
      const profile = instanceProfileOf(context, params.InstanceProfileName);
      if (profile.role !== undefined) {
        throw deleteConflict("Cannot delete entity, must remove roles from instance profile first.");
      }
      context.account.instanceProfiles.delete(roleKey(profile.name));
      return undefined;
    },
  });
}

function listing(context: IamContext): Record<string, ServiceAction> {
  const { account } = context;
  const answer = (profiles: readonly InstanceProfile[], params: Parameters<typeof pageOf>[2]): Shape => {
    const keyOf = ({ name }: InstanceProfile): string => name;
    const page = pageOf(sortedBy(profiles, keyOf), keyOf, params);
    return {
      InstanceProfiles: page.items.map((profile) => instanceProfileShape(context, profile, "listed")),
      ...page.paging,
    };
  };
  return {
    ListInstanceProfiles: action({
      input: { PathPrefix: pathPrefix, ...paging },
      access: (params) => [
        { action: "iam:ListInstanceProfiles", resource: arnOf(account, params.PathPrefix ?? "/", "") },
      ],
      run: (params) =>
        answer(
          account.instanceProfiles.values().filter((one) => one.path.startsWith(params.PathPrefix ?? "/")),
          params,
        ),
    }),
    ListInstanceProfilesForRole: action({
      input: { RoleName: roleName, ...paging },
      access: (params) => [roleNeed(context, "ListInstanceProfilesForRole", params.RoleName)],
      run: (params) => answer(profilesOfRole(account, roleOf(context, params.RoleName).name), params),
    }),
  };
}

function roleActions(context: IamContext): Record<string, ServiceAction> {
  const input = { InstanceProfileName: instanceProfileName, RoleName: roleName };
  const set = (profile: InstanceProfile): void =>
    context.account.instanceProfiles.set(roleKey(profile.name), profile);
  return {
    AddRoleToInstanceProfile: action({
      input,
      access: (params) => [
        instanceProfileNeed(context, "AddRoleToInstanceProfile", params.InstanceProfileName),
        roleNeed(context, "PassRole", params.RoleName, { "iam:PassedToService": "ec2.amazonaws.com" }),
      ],
      run(params) {
        const profile = instanceProfileOf(context, params.InstanceProfileName);
        const role = roleOf(context, params.RoleName);
        withinQuota("InstanceSessionsPerInstanceProfile", profile.role === undefined ? 1 : 2);
        set({ ...profile, role: role.name });
        return undefined;
      },
    }),
    RemoveRoleFromInstanceProfile: action({
      input,
      access: (params) => [
        instanceProfileNeed(context, "RemoveRoleFromInstanceProfile", params.InstanceProfileName),
      ],
      run(params) {
        const { role, ...profile } = instanceProfileOf(context, params.InstanceProfileName);
        if (role === undefined || roleKey(role) !== roleKey(params.RoleName)) {
          throw noSuchEntity(`The role with name ${params.RoleName} cannot be found.`);
        }
        set(profile);
        return undefined;
      },
    }),
  };
}

/** The operations on instance profiles, except their tags. No machine is ever started with one. */
export function instanceProfileActions(context: IamContext): Record<string, ServiceAction> {
  return {
    CreateInstanceProfile: create(context),
    GetInstanceProfile: get(context),
    DeleteInstanceProfile: remove(context),
    ...listing(context),
    ...roleActions(context),
  };
}
