import assert from "node:assert/strict";
import type { IAMClient } from "@aws-sdk/client-iam";
import { oidcProviderArn } from "../../src/providers/aws/index.ts";
import { applyPlan, type Plan, planOf, type Resource } from "../../src/rules/plan/index.ts";
import { type AwsWorld, startAwsWorld } from "../support/aws-world.ts";
import { account } from "../support/sandbox.ts";

export const readOnly = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";

/** A policy that denies an action. */
export const deny = (action: string): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Deny", Action: action, Resource: "*" } });

/** An account that plans are made for. */
export interface PlannedAccount extends AwsWorld {
  /** The client with which the session calls IAM. */
  readonly iam: IAMClient;
  /** ARN of the world's own provider. */
  readonly providerArn: string;
}

export async function startPlannedAccount(): Promise<PlannedAccount> {
  const world = await startAwsWorld();
  return {
    ...world,
    iam: await world.session.iam(),
    providerArn: oidcProviderArn("aws", account, world.issuer.issuer),
  };
}

/** Makes the account as desired; gives the plan that did. */
export async function settle(desired: readonly Resource[]): Promise<Plan> {
  const plan = await planOf({ desired });
  const { failed } = await applyPlan(plan);
  assert.deepEqual(
    failed.map(({ error }) => error.message),
    [],
  );
  return plan;
}

/** The changes of a plan, as `update trust: description`. */
export const shown = (plan: Plan): string[] =>
  plan.changes.flatMap(({ kind, resource, fields }) =>
    kind === "none" ? [] : [`${kind} ${resource.link}: ${fields.map(({ field }) => field).join(" ")}`],
  );
