import { defined, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { apiVersion, bindingsManager, type Condition, finalizer } from "../../rules/bindings/index.ts";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import { digestOf } from "../../rules/plan/index.ts";

/** A role of a binding. */
export interface RoleStatus {
  readonly profile: string;
  readonly arn: string;
  /** AROA…; absent until it was seen. */
  readonly id?: string;
  /** Whether podtrust made it: it goes with the binding. */
  readonly managed: boolean;
}

/** `status` of a binding. */
export interface BindingStatus {
  readonly observedGeneration?: number;
  /** By which AWSTrust the roles were cut last, as UID/GENERATION. */
  readonly observedTrust?: string;
  /** RFC 3339: when STS last let the ServiceAccount into all of its roles. */
  readonly lastProof?: string;
  /** RFC 3339: when podtrust last changed something at AWS for it. */
  readonly changedAt?: string;
  /** Those that were seen at AWS. */
  readonly roles: readonly RoleStatus[];
  /** Those that IAM is asked to make, or was, and that were not seen since: they may be there. Nobody is shown them. */
  readonly pendingRoles?: readonly RoleStatus[];
  readonly conditions: readonly Condition[];
}

function roleStatus(value: Readonly<Record<string, unknown>>): readonly RoleStatus[] {
  const [profile, arn, id] = [textOf(value["profile"]), textOf(value["arn"]), textOf(value["id"])];
  if (profile === undefined || arn === undefined) return [];
  return [{ profile, arn, managed: value["managed"] === true, ...defined({ id }) }];
}

/** The conditions of an object as the API gives them; only podtrust may write them. */
export function conditionsOf(object: KubernetesObject): readonly Condition[] {
  return recordsOf(recordOf(object["status"])["conditions"]) as unknown as readonly Condition[];
}

/** The status of a binding as the API gives it; only podtrust may write it. */
export function statusOf(object: KubernetesObject): BindingStatus {
  const status = recordOf(object["status"]);
  const [lastProof, changedAt] = [textOf(status["lastProof"]), textOf(status["changedAt"])];
  const { observedGeneration } = status;
  const observedTrust = textOf(status["observedTrust"]);
  const pendingRoles = recordsOf(status["pendingRoles"]).flatMap(roleStatus);
  return {
    ...(typeof observedGeneration === "number" ? { observedGeneration } : {}),
    ...defined({ observedTrust, lastProof, changedAt }),
    roles: recordsOf(status["roles"]).flatMap(roleStatus),
    ...(pendingRoles.length === 0 ? {} : { pendingRoles }),
    conditions: conditionsOf(object),
  };
}

/** Every role that a binding has, or may have. */
export function possibleRoles({
  roles,
  pendingRoles = [],
}: Pick<BindingStatus, "roles" | "pendingRoles">): readonly RoleStatus[] {
  return [...roles, ...pendingRoles];
}

/** NAMESPACE/NAME of an object, as queue and mirrors have it. */
export function keyOf({ metadata: { namespace = "", name } }: KubernetesObject): string {
  return `${namespace}/${name}`;
}

/** Which object was read, as UID/GENERATION: another one of the same name is another one, and so is another spec. */
export function versionOf({ metadata: { uid = "", generation = 0 } }: KubernetesObject): string {
  return `${uid}/${generation}`;
}

/** The part of an object that says which one it is: with the uid nothing that is gone is made again by applying to it. */
export function sameObject(object: KubernetesObject): KubernetesObject {
  const { name, namespace, uid } = object.metadata;
  return {
    apiVersion: object.kind === "ServiceAccount" ? "v1" : apiVersion,
    kind: object.kind,
    metadata: {
      name,
      ...defined({ namespace, uid }),
    },
  };
}

export type StateApi = Pick<KubernetesApi, "apply" | "read" | "removeFinalizer">;

/** Writes a status where it is another than the one that stands. */
export async function writeStatus(
  api: StateApi,
  object: KubernetesObject,
  status: object,
  signal: AbortSignal,
): Promise<void> {
  const before = recordOf(object["status"]);
  if (digestOf(before) === digestOf(JSON.parse(JSON.stringify(status)))) return;
  const options = { fieldManager: bindingsManager, force: true, subresource: "status", signal } as const;
  await api.apply({ ...sameObject(object), status }, options);
}

/** Whether an object waits for us before it goes. */
export function isKept({ metadata }: KubernetesObject): boolean {
  return metadata.finalizers?.includes(finalizer) === true;
}

/**
 * Keeps an object until what hangs on it is gone, or lets it go: also where the API server's policy set the finalizer, or
 * whoever made the object from the text of another.
 */
export async function keep(
  api: StateApi,
  object: KubernetesObject,
  kept: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (isKept(object) === kept) return;
  if (!kept) return api.removeFinalizer(object, finalizer, { signal });
  const same = sameObject(object);
  await api.apply(
    { ...same, metadata: { ...same.metadata, finalizers: [finalizer] } },
    { fieldManager: `${bindingsManager}-finalizer`, force: true, signal },
  );
}
