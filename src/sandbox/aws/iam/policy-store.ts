import type { Account } from "../state/account.ts";
import type { ManagedPolicy, Role } from "../state/records.ts";
import { AwsError } from "../wire/error.ts";
import { policyArnParts } from "./arn.ts";
import type { IamContext } from "./context.ts";
import { noSuchEntity } from "./errors.ts";
import { type AwsManagedPolicy, awsManagedPolicies } from "./managed-policies.ts";

/** A managed policy, AWS's or a customer's. */
export type AnyPolicy =
  | { readonly owner: "aws"; readonly policy: AwsManagedPolicy }
  | { readonly owner: "customer"; readonly policy: ManagedPolicy };

/** The managed policy of an ARN, AWS's or the account's. */
export function findPolicy(account: Account, arn: string): AnyPolicy | undefined {
  const aws = awsManagedPolicies.get(arn);
  if (aws !== undefined) return { owner: "aws", policy: aws };
  const own = account.policies.get(arn);
  return own === undefined ? undefined : { owner: "customer", policy: own };
}

/** The text of a managed policy's default version; undefined for an unknown ARN. */
export function managedPolicyText(account: Account, arn: string): string | undefined {
  const found = findPolicy(account, arn);
  if (found === undefined) return undefined;
  if (found.owner === "aws") return found.policy.document;
  const { versions, defaultVersion } = found.policy;
  return versions.find(({ id }) => id === defaultVersion)?.document;
}

/** Roles that a policy is attached to. */
export function attachedTo(account: Account, arn: string): Role[] {
  return account.roles.values().filter((role) => role.attached.includes(arn));
}

/** Roles that a policy bounds. */
export function bounds(account: Account, arn: string): Role[] {
  return account.roles.values().filter((role) => role.boundary === arn);
}

/** A policy that may be read, or NoSuchEntity. */
export function policyOf({ account }: IamContext, arn: string): AnyPolicy {
  policyArnParts(arn);
  const found = findPolicy(account, arn);
  if (found === undefined) throw noSuchEntity(`Policy ${arn} was not found.`);
  return found;
}

/** A policy that may be attached to a role, or NoSuchEntity. */
export function attachablePolicy({ account }: IamContext, arn: string): AnyPolicy {
  policyArnParts(arn);
  const found = findPolicy(account, arn);
  if (found === undefined) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
  return found;
}

/** A policy of the account that may be changed. */
export function ownPolicy({ account }: IamContext, arn: string): ManagedPolicy {
  if (policyArnParts(arn).account !== account.id) {
    throw new AwsError("AccessDenied", "Policy is outside your own account.", {
      status: 403,
      rule: "own-account",
      why: "AWS's own policies and those of other accounts cannot be changed",
    });
  }
  const policy = account.policies.get(arn);
  if (policy === undefined) throw noSuchEntity(`Policy ${arn} was not found.`);
  return policy;
}

/** The ARN of a permissions boundary that exists; undefined if none is asked for. */
export function checkedBoundary({ account }: IamContext, arn: string | undefined): string | undefined {
  if (arn === undefined) return undefined;
  policyArnParts(arn);
  if (findPolicy(account, arn) === undefined) {
    throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`);
  }
  return arn;
}
