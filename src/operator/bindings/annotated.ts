import { asPodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import type { Binding, GrantedRole } from "../../rules/bindings/index.ts";
import { accessConflict, type RoleAccess } from "../../rules/injection/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { behindCluster, finding, type Finding } from "../../stack/index.ts";
import { accessOf, annotate, isToWrite, standingOf } from "./annotation.ts";
import type { Turn } from "./turn.ts";

/** The ServiceAccount as the watch last saw it, without the account of who wrote what; undefined where it saw none. */
function seenAccount({ facts }: Turn): KubernetesObject | undefined {
  const metadata = recordOf(facts.account?.["metadata"]);
  if (textOf(metadata["uid"]) === undefined) return undefined;
  const { namespace = "", name } = facts.object.metadata;
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { ...metadata, namespace, name } };
}

/**
 * The ServiceAccount as it stands after what is wanted was written where it was not there: undefined where there is none.
 * One that has what is wanted costs no call, and one that has more of somebody else's is read and not written.
 */
async function standing(turn: Turn, access: RoleAccess): Promise<KubernetesObject | undefined> {
  const { facts, clients, signal } = turn;
  const { cluster } = clients;
  const seen = seenAccount(turn);
  const how = seen === undefined ? "to-read" : standingOf(seen, access);
  if (how === "right") return seen;
  const given =
    seen !== undefined && how === "to-write" ? await annotate(cluster, seen, access, signal) : undefined;
  if (given !== undefined) return given;
  const { namespace = "", name } = facts.object.metadata;
  const account = await cluster.read({ kind: "ServiceAccount", namespace, name }, { signal });
  if (account === undefined || !isToWrite(account, access)) return account;
  return (await annotate(cluster, account, access, signal)) ?? account;
}

/** The ServiceAccount, annotated with its roles; and what that means for pods. */
export async function annotated(
  turn: Turn,
  { binding, roles, audience }: { binding: Binding; roles: readonly GrantedRole[]; audience: string },
): Promise<{ readonly finding: Finding; readonly there: boolean }> {
  const { namespace, name } = binding;
  const from = turn.clients.cluster.server;
  const access = accessOf(roles, binding.roles, audience);
  try {
    const account = await standing(turn, access);
    if (account === undefined) {
      const seen = `there is no ServiceAccount ${namespace}/${name}`;
      return { finding: finding("ServiceAccountMissing", { seen, from }), there: false };
    }
    const conflict = accessConflict(account, access);
    const [reason, does] =
      conflict === undefined
        ? (["ServiceAccountFound", `names ${access.roleArn}`] as const)
        : (["AnnotationConflict", conflict] as const);
    return {
      finding: finding(reason, { seen: `ServiceAccount ${namespace}/${name} ${does}`, from }),
      there: true,
    };
  } catch (error) {
    turn.signal.throwIfAborted();
    return { finding: behindCluster(asPodtrustError(error), from), there: false };
  }
}
