import { asPodtrustError } from "../../core/base/index.ts";
import { trustsProvider, type RoleState } from "../../providers/aws/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import {
  type Binding,
  bindingNames,
  isRetained,
  markedBinding,
  type Trust,
} from "../../rules/bindings/index.ts";
import { awsTags } from "../../rules/plan/index.ts";
import { type AwsPart, type AwsPartContext, awsParts } from "../../stack/parts/index.ts";

/** A role that carries the mark of a binding, and is deleted with it. */
interface BoundRole {
  readonly name: string;
  readonly arn: string;
  readonly binding: Pick<Binding, "namespace" | "name">;
}

/**
 * Those of some roles that carry the mark of a binding of the stack, without roles that stay when their binding is
 * deleted.
 */
export function boundRoles(
  trust: Pick<Trust, "stack">,
  roles: readonly Pick<RoleState, "name" | "arn" | "tags">[],
): readonly BoundRole[] {
  return roles.flatMap(({ name, arn, tags }) => {
    const binding = markedBinding(trust, awsTags.stackOf(tags) ?? "");
    return binding === undefined || isRetained(tags) ? [] : [{ name, arn, binding }];
  });
}

/** Roles of a stack's bindings, and the reasons why others could not be read, in sentences. */
export interface EarlierRoles {
  readonly roles: readonly BoundRole[];
  readonly unseen: readonly string[];
}

async function ofAccount(stack: string, part: AwsPart, signal: AbortSignal): Promise<EarlierRoles> {
  const { account } = part.account;
  try {
    await part.open(signal);
    const { roles, isWhole } = await part.lookAtAccount(signal);
    const trusting = roles.filter(({ trustPolicy }) => trustsProvider(trustPolicy, part.providerArn));
    const some = `Not every role of account ${account} may be read: there may be more.`;
    return { roles: boundRoles({ stack }, trusting), unseen: isWhole ? [] : [some] };
  } catch (error) {
    signal.throwIfAborted();
    return {
      roles: [],
      unseen: [`The roles of account ${account} cannot be read: ${asPodtrustError(error).message}.`],
    };
  } finally {
    part.close();
  }
}

/** NAMESPACE/NAME of each binding of a cluster; the reason, in a sentence, if it cannot be asked. */
async function bindingsOf(
  cluster: () => Promise<Pick<KubernetesApi, "list">>,
  signal: AbortSignal,
): Promise<ReadonlySet<string> | string> {
  try {
    const api = await cluster();
    const all = await api.list({ kind: bindingNames.kind, limit: maxBindings }, { signal });
    return new Set(all.map(({ metadata: { namespace = "", name } }) => `${namespace}/${name}`));
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = asPodtrustError(error);
    // If the operator was never installed, the kind does not exist.
    return code === "cluster-not-found"
      ? new Set()
      : `The cluster cannot be asked which bindings it has: ${message}.`;
  }
}

// An AWS that does not answer must not delay a restore.
const callLimits = { attempts: 3, answerWithinMs: 10_000 };
// Four times as many roles as an account may have.
const maxBindings = 20_000;

/**
 * The roles in a config's accounts that trust its issuer, carry the mark of a binding, and whose binding the cluster
 * lacks: those of a lost cluster. Only reads, and rejects only by the signal: what cannot be read is reported.
 */
export async function earlierRoles(
  context: AwsPartContext,
  cluster: (() => Promise<Pick<KubernetesApi, "list">>) | undefined,
  signal: AbortSignal,
): Promise<EarlierRoles> {
  const { stack } = context.config;
  const looks: EarlierRoles[] = [];
  for (const part of awsParts({ callLimits, ...context })) looks.push(await ofAccount(stack, part, signal));
  const [roles, unseen] = [looks.flatMap((one) => one.roles), looks.flatMap((one) => one.unseen)];
  if (roles.length === 0 || cluster === undefined) return { roles, unseen };
  const there = await bindingsOf(cluster, signal);
  if (typeof there === "string") return { roles, unseen: [...unseen, there] };
  const isThere = ({ binding }: BoundRole): boolean => there.has(`${binding.namespace}/${binding.name}`);
  return { roles: roles.filter((role) => !isThere(role)), unseen };
}
