import {
  defined,
  PodtrustError,
  recordOf,
  recordsOf,
  asPodtrustError,
  textOf,
} from "../../core/base/index.ts";
import {
  type Binding,
  bindingsManager,
  type GrantedRole,
  defaultProfile,
} from "../../rules/bindings/index.ts";
import {
  accessAnnotations,
  accountAnnotations,
  chainPrefix,
  profilePrefix,
  type RoleAccess,
  accessConflict,
} from "../../rules/injection/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { sameObject, type StateApi } from "./status.ts";
import { behindCluster, finding, type Finding } from "../../stack/index.ts";
import type { Pass } from "./pass.ts";

// What AWS's webhook gives where nobody says otherwise; then it is not written, and whoever wants another may say so.
const defaultExpiration = 86_400;

/** What pods of a bound ServiceAccount are to be given: its granted roles, and the chains that the binding names. */
export function accessOf(
  roles: readonly Pick<GrantedRole, "profile" | "arn">[],
  chains: Binding["roles"],
  audience: string,
): RoleAccess {
  const defaultRole = roles.find(({ profile }) => profile === defaultProfile);
  const others = roles.filter((one) => one !== defaultRole);
  return {
    roleArn: defaultRole?.arn ?? "",
    audience,
    expirationSeconds: defaultExpiration,
    profiles: [
      ...others.map(({ profile: name, arn: roleArn }) => ({ name, roleArn, by: "token" }) as const),
      ...chains.flatMap(({ profile: name, chain }) => {
        if (chain === undefined) return [];
        const { arn: roleArn, externalId } = chain;
        return [{ name, roleArn, by: "role", ...defined({ externalId }) } as const];
      }),
    ],
  };
}

/** Annotations by which pods are given roles, and which are not among those that are wanted. */
function surplus(
  { metadata }: KubernetesObject,
  wanted: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.keys(metadata.annotations ?? {}).filter(
    (key) =>
      !Object.hasOwn(wanted, key) &&
      (key === accountAnnotations.audience || key.startsWith(profilePrefix) || key.startsWith(chainPrefix)),
  );
}

/** Annotations that podtrust itself wrote (metadata.managedFields); what a watch gives has no account of it. */
function written({ metadata }: KubernetesObject): readonly string[] {
  return recordsOf(recordOf(metadata)["managedFields"])
    .filter(({ manager }) => manager === bindingsManager)
    .flatMap(({ fieldsV1 }) =>
      Object.keys(recordOf(recordOf(recordOf(fieldsV1)["f:metadata"])["f:annotations"])),
    )
    .map((field) => field.replace(/^f:/u, ""));
}

/** How a ServiceAccount stands to what is wanted. */
type Standing = "right" | "to-write" | "to-read";

/** Of one that a watch saw: one that has more than is wanted has to be read, since it may be ours or somebody else's. */
function standingOf(account: KubernetesObject, access: RoleAccess): Standing {
  const wanted = accessAnnotations(access);
  if (surplus(account, wanted).length > 0) return "to-read";
  const { annotations = {} } = account.metadata;
  return Object.entries(wanted).every(([key, value]) => annotations[key] === value) ? "right" : "to-write";
}

/** Of one that was read: what is left over of an earlier pass is taken away, and what is somebody else's stays. */
function isToWrite(account: KubernetesObject, access: RoleAccess): boolean {
  const wanted = accessAnnotations(access);
  const { annotations = {} } = account.metadata;
  const ours = written(account);
  return (
    Object.entries(wanted).some(([key, value]) => annotations[key] !== value) ||
    surplus(account, wanted).some((key) => ours.includes(key))
  );
}

/**
 * Gives a ServiceAccount its annotations by server-side apply, and gives it as it then stands. Never makes one: applied
 * with the uid of the one that was read, it is refused where that is gone. Undefined where somebody else has set one of
 * them to another value.
 */
async function annotate(
  api: StateApi,
  serviceAccount: KubernetesObject,
  access: RoleAccess,
  signal: AbortSignal,
): Promise<KubernetesObject | undefined> {
  const same = sameObject(serviceAccount);
  const annotations = accessAnnotations(access);
  try {
    return await api.apply(
      { ...same, metadata: { ...same.metadata, annotations } },
      { fieldManager: bindingsManager, signal },
    );
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "cluster-conflict") return undefined;
    throw error;
  }
}

/** Takes our annotations away, and nobody else's. */
export async function unannotate(
  api: StateApi,
  serviceAccount: KubernetesObject,
  signal: AbortSignal,
): Promise<void> {
  if (serviceAccount.metadata.annotations?.[accountAnnotations["role-arn"]] === undefined) return;
  const same = sameObject(serviceAccount);
  await api.apply(
    { ...same, metadata: { ...same.metadata, annotations: {} } },
    { fieldManager: bindingsManager, signal },
  );
}

/** The ServiceAccount as the watch last saw it, without the account of who wrote what; undefined where it saw none. */
function seenAccount({ facts }: Pass): KubernetesObject | undefined {
  const metadata = recordOf(facts.account?.["metadata"]);
  if (textOf(metadata["uid"]) === undefined) return undefined;
  const { namespace = "", name } = facts.object.metadata;
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { ...metadata, namespace, name } };
}

/**
 * The ServiceAccount as it stands after what is wanted was written where it was not there: undefined where there is none.
 * One that has what is wanted costs no call, and one that has more of somebody else's is read and not written.
 */
async function standing(pass: Pass, access: RoleAccess): Promise<KubernetesObject | undefined> {
  const { facts, clients, signal } = pass;
  const { cluster } = clients;
  const seen = seenAccount(pass);
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
  pass: Pass,
  { binding, roles, audience }: { binding: Binding; roles: readonly GrantedRole[]; audience: string },
): Promise<{ readonly finding: Finding; readonly there: boolean }> {
  const { namespace, name } = binding;
  const from = pass.clients.cluster.server;
  const access = accessOf(roles, binding.roles, audience);
  try {
    const account = await standing(pass, access);
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
    pass.signal.throwIfAborted();
    return { finding: behindCluster(asPodtrustError(error), from), there: false };
  }
}
