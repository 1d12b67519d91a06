import type { ManagedPolicy, ManagedPolicyVersion } from "../state/records.ts";
import { type ServiceAction, action, type Need } from "../wire/service.ts";
import { AwsError } from "../wire/error.ts";
import { flag } from "../wire/input.ts";
import type { Shape } from "../wire/value.ts";
import { percentEncoded } from "../wire/percent-encoding.ts";
import type { IamContext } from "./context.ts";
import { checkManagedPolicy } from "./documents.ts";
import { deleteConflict, noSuchEntity } from "./errors.ts";
import { document, paging, policyArn, versionId } from "./fields.ts";
import { pageOf } from "./page.ts";
import { policyNeed } from "./policies.ts";
import { ownPolicy, policyOf } from "./policy-store.ts";
import { policyVersions } from "./quotas.ts";

interface Versions {
  readonly all: readonly ManagedPolicyVersion[];
  readonly standard: string;
}

/** All known versions of a policy, and the default one. */
export function versionsOf(context: IamContext, arn: string): Versions {
  const found = policyOf(context, arn);
  if (found.owner === "customer")
    return { all: found.policy.versions, standard: found.policy.defaultVersion };
  // AWS keeps older versions of its own policies; only the current one is known here.
  const { version, document: text, updateDate } = found.policy;
  return { all: [{ id: version, document: text, createDate: updateDate }], standard: version };
}

function versionOf(versions: readonly ManagedPolicyVersion[], arn: string, id: string): ManagedPolicyVersion {
  const version = versions.find((one) => one.id === id);
  if (version === undefined) {
    throw noSuchEntity(`Policy ${arn} version ${id} does not exist or is not attachable.`);
  }
  return version;
}

/** A version as answers show it. */
export function versionShape(version: ManagedPolicyVersion, standard: string, withDocument: boolean): Shape {
  return {
    Document: withDocument ? percentEncoded(version.document) : undefined,
    VersionId: version.id,
    IsDefaultVersion: version.id === standard,
    CreateDate: new Date(version.createDate),
  };
}

function versionNeed(context: IamContext, operation: string, arn: string, id: string): Need {
  return { ...policyNeed(context, operation, arn), shown: `policy ${arn} version ${id}` };
}

function create(context: IamContext): ServiceAction {
  return action({
    input: { PolicyArn: policyArn, PolicyDocument: document, SetAsDefault: flag() },
    access: (params) => [policyNeed(context, "CreatePolicyVersion", params.PolicyArn)],
    run(params, call) {
      const policy = ownPolicy(context, params.PolicyArn);
      checkManagedPolicy(params.PolicyDocument);
      if (policy.versions.length >= policyVersions) {
        throw new AwsError(
          "LimitExceeded",
          `A managed policy can have up to ${policyVersions} versions. Before you create a new version, you must delete an existing version.`,
          { status: 409, rule: "within-quota" },
        );
      }
      const version: ManagedPolicyVersion = {
        id: `v${policy.nextVersion}`,
        document: params.PolicyDocument,
        createDate: call.now,
      };
      const changed: ManagedPolicy = {
        ...policy,
        versions: [...policy.versions, version],
        nextVersion: policy.nextVersion + 1,
        defaultVersion: params.SetAsDefault === true ? version.id : policy.defaultVersion,
        updateDate: call.now,
      };
      context.account.policies.set(policy.arn, changed);
      return { PolicyVersion: versionShape(version, changed.defaultVersion, false) };
    },
  });
}

function get(context: IamContext): ServiceAction {
  return action({
    input: { PolicyArn: policyArn, VersionId: versionId },
    access: (params) => [versionNeed(context, "GetPolicyVersion", params.PolicyArn, params.VersionId)],
    run(params) {
      const { all, standard } = versionsOf(context, params.PolicyArn);
      const version = versionOf(all, params.PolicyArn, params.VersionId);
      return { PolicyVersion: versionShape(version, standard, true) };
    },
  });
}

// `v10` comes after `v9`: the number counts.
function versionKey({ id }: ManagedPolicyVersion): string {
  return id.slice(1).padStart(9, "0");
}

function list(context: IamContext): ServiceAction {
  return action({
    input: { PolicyArn: policyArn, ...paging },
    access: (params) => [policyNeed(context, "ListPolicyVersions", params.PolicyArn)],
    run(params) {
      const { all, standard } = versionsOf(context, params.PolicyArn);
      const page = pageOf(all, versionKey, params);
      const versions = page.items.map((version) => versionShape(version, standard, false));
      return { Versions: versions, ...page.paging };
    },
  });
}

function remove(context: IamContext): ServiceAction {
  return action({
    input: { PolicyArn: policyArn, VersionId: versionId },
    access: (params) => [versionNeed(context, "DeletePolicyVersion", params.PolicyArn, params.VersionId)],
    run(params) {
      const policy = ownPolicy(context, params.PolicyArn);
      const { id } = versionOf(policy.versions, policy.arn, params.VersionId);
      if (id === policy.defaultVersion) {
        throw deleteConflict("Cannot delete the default version of a policy.");
      }
      const versions = policy.versions.filter((one) => one.id !== id);
      context.account.policies.set(policy.arn, { ...policy, versions });
      return undefined;
    },
  });
}

function setDefault(context: IamContext): ServiceAction {
  return action({
    input: { PolicyArn: policyArn, VersionId: versionId },
    access: (params) => [versionNeed(context, "SetDefaultPolicyVersion", params.PolicyArn, params.VersionId)],
    run(params, call) {
      const policy = ownPolicy(context, params.PolicyArn);
      const { id } = versionOf(policy.versions, policy.arn, params.VersionId);
      context.account.policies.set(policy.arn, { ...policy, defaultVersion: id, updateDate: call.now });
      return undefined;
    },
  });
}

/** The operations on the versions of managed policies. */
export function policyVersionActions(context: IamContext): Record<string, ServiceAction> {
  return {
    CreatePolicyVersion: create(context),
    GetPolicyVersion: get(context),
    ListPolicyVersions: list(context),
    DeletePolicyVersion: remove(context),
    SetDefaultPolicyVersion: setDefault(context),
  };
}
