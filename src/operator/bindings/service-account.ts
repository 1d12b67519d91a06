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
  type BoundParty,
  type GrantedRole,
  defaultProfile,
  partyNames,
  proofTokenSeconds,
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
import type { AnyPass } from "./pass.ts";

// The default of AWS's webhook: it is not written, so that users may set another.
const defaultExpiration = 86_400;

/** What pods of a bound ServiceAccount get: its granted roles, and the chains that the binding names. */
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

/** The annotations of a ServiceAccount that make its pods what a binding says. */
export interface DesiredAnnotations {
  readonly party: BoundParty;
  readonly annotations: Readonly<Record<string, string>>;
  /** Whether pods get something of the relying party by a key: what is left over of it is removed if podtrust wrote it. */
  readonly isOurs: (key: string) => boolean;
  /** What of a ServiceAccount keeps its pods from that, as the end of a sentence; undefined if nothing does. */
  readonly conflict: (account: KubernetesObject) => string | undefined;
  /** What a ServiceAccount with these annotations does, as the end of a sentence. */
  readonly does: string;
}

/** Annotations that give pods something and are not wanted. */
function surplus(
  { metadata }: KubernetesObject,
  { annotations, isOurs }: DesiredAnnotations,
): readonly string[] {
  return Object.keys(metadata.annotations ?? {}).filter(
    (key) => !Object.hasOwn(annotations, key) && isOurs(key),
  );
}

/** Annotations that podtrust itself wrote (metadata.managedFields); a watch does not include these. */
function written({ metadata }: KubernetesObject, party: BoundParty): readonly string[] {
  return recordsOf(recordOf(metadata)["managedFields"])
    .filter(({ manager }) => manager === partyNames[party].manager)
    .flatMap(({ fieldsV1 }) =>
      Object.keys(recordOf(recordOf(recordOf(fieldsV1)["f:metadata"])["f:annotations"])),
    )
    .map((field) => field.replace(/^f:/u, ""));
}

/** How a ServiceAccount differs from what is wanted. */
type Standing = "right" | "to-write" | "to-read";

const hasAll = ({ metadata }: KubernetesObject, { annotations }: DesiredAnnotations): boolean =>
  Object.entries(annotations).every(([key, value]) => metadata.annotations?.[key] === value);

/** From a watch: if it has more than is wanted it has to be read, since the surplus may be podtrust's or another writer's. */
function standingOf(account: KubernetesObject, desired: DesiredAnnotations): Standing {
  if (surplus(account, desired).length > 0) return "to-read";
  return hasAll(account, desired) ? "right" : "to-write";
}

/** Of one that was read: what an earlier pass left over is removed, and what another writer set stays. */
function isToWrite(account: KubernetesObject, desired: DesiredAnnotations): boolean {
  const ours = written(account, desired.party);
  return !hasAll(account, desired) || surplus(account, desired).some((key) => ours.includes(key));
}

/**
 * Annotates a ServiceAccount by server-side apply, and returns the result. Never creates one: it applies with the uid
 * that was read, which fails if that object is gone. Undefined if another writer has set one of the annotations to
 * another value.
 */
async function annotate(
  api: StateApi,
  serviceAccount: KubernetesObject,
  { party, annotations }: DesiredAnnotations,
  signal: AbortSignal,
): Promise<KubernetesObject | undefined> {
  const same = sameObject(serviceAccount);
  try {
    return await api.apply(
      { ...same, metadata: { ...same.metadata, annotations } },
      { fieldManager: partyNames[party].manager, signal },
    );
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "cluster-conflict") return undefined;
    throw error;
  }
}

/**
 * Removes podtrust's own annotations from the ServiceAccount of a binding, if it still exists and has the one that
 * every binding of the relying party sets; a failure does not delay the deletion.
 */
export async function unannotated(
  { clients, facts, signal }: AnyPass,
  party: BoundParty,
  always: string,
): Promise<void> {
  const { cluster } = clients;
  const { namespace = "", name } = facts.object.metadata;
  try {
    const account = await cluster.read({ kind: "ServiceAccount", namespace, name }, { signal });
    if (account?.metadata.annotations?.[always] === undefined) return;
    const same = sameObject(account);
    const without = { ...same, metadata: { ...same.metadata, annotations: {} } };
    await cluster.apply(without, { fieldManager: partyNames[party].manager, signal });
  } catch {
    signal.throwIfAborted();
  }
}

/** The ServiceAccount as the watch last saw it, without managedFields; undefined if it saw none. */
function seenAccount({ facts }: AnyPass): KubernetesObject | undefined {
  const metadata = recordOf(facts.account?.["metadata"]);
  if (textOf(metadata["uid"]) === undefined) return undefined;
  const { namespace = "", name } = facts.object.metadata;
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { ...metadata, namespace, name } };
}

/**
 * The ServiceAccount after missing annotations were written; undefined if it does not exist. One that has what is
 * wanted costs no call; one with extra annotations of another writer is read, not written.
 */
async function standing(pass: AnyPass, desired: DesiredAnnotations): Promise<KubernetesObject | undefined> {
  const { facts, clients, signal } = pass;
  const { cluster } = clients;
  const seen = seenAccount(pass);
  const how = seen === undefined ? "to-read" : standingOf(seen, desired);
  if (how === "right") return seen;
  const given =
    seen !== undefined && how === "to-write" ? await annotate(cluster, seen, desired, signal) : undefined;
  if (given !== undefined) return given;
  const { namespace = "", name } = facts.object.metadata;
  const account = await cluster.read({ kind: "ServiceAccount", namespace, name }, { signal });
  if (account === undefined || !isToWrite(account, desired)) return account;
  return (await annotate(cluster, account, desired, signal)) ?? account;
}

/** The ServiceAccount of a binding, annotated; and what that means for pods. */
export async function annotatedWith(
  pass: AnyPass,
  desired: DesiredAnnotations,
): Promise<{ readonly finding: Finding; readonly there: boolean }> {
  const { namespace = "", name } = pass.facts.object.metadata;
  const from = pass.clients.cluster.server;
  try {
    const account = await standing(pass, desired);
    if (account === undefined) {
      const seen = `there is no ServiceAccount ${namespace}/${name}`;
      return { finding: finding("ServiceAccountMissing", { seen, from }), there: false };
    }
    const conflict = desired.conflict(account);
    const [reason, does] =
      conflict === undefined
        ? (["ServiceAccountFound", desired.does] as const)
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

/** What makes pods of a ServiceAccount what a binding was granted at AWS. */
export interface RolesOfAccount {
  readonly binding: Binding;
  readonly roles: readonly GrantedRole[];
  readonly audience: string;
}

/** The annotations of a ServiceAccount with the AWS roles that it was granted. */
export function roleAnnotations({ binding, roles, audience }: RolesOfAccount): DesiredAnnotations {
  const access = accessOf(roles, binding.roles, audience);
  return {
    party: "aws",
    annotations: accessAnnotations(access),
    isOurs: (key) =>
      key === accountAnnotations.audience || key.startsWith(profilePrefix) || key.startsWith(chainPrefix),
    conflict: (account) => accessConflict(account, access),
    does: `names ${access.roleArn}`,
  };
}

/** Whether a watch shows the ServiceAccount as `annotatedWith` leaves it. Makes no call. */
export function isAnnotated(pass: AnyPass, desired: DesiredAnnotations): boolean {
  const seen = seenAccount(pass);
  if (seen === undefined || standingOf(seen, desired) !== "right") return false;
  return desired.conflict(seen) === undefined;
}

/** A token of the binding's ServiceAccount for a relying party, or why there is none. */
export async function requestedToken(
  { facts, clients, signal }: AnyPass,
  audience: string,
): Promise<{ readonly token: string } | Finding> {
  const { cluster } = clients;
  const { namespace = "", name } = facts.object.metadata;
  const spec = { audiences: [audience], expirationSeconds: proofTokenSeconds };
  try {
    return await cluster.requestToken(namespace, name, spec, { signal });
  } catch (error) {
    signal.throwIfAborted();
    const { message } = asPodtrustError(error);
    return finding("TokenRequestFailed", { seen: message, from: cluster.server });
  }
}
