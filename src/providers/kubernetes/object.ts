import { defined } from "../../core/base/index.ts";
import { apiVersion, type BoundKind, type KindNames, partyNames } from "../../rules/bindings/names/index.ts";
import { checkedName, checkedNamespace } from "./names.ts";

/** The kinds of object that podtrust reads or writes; with its group where two groups have a kind of that name. */
export type ObjectKind =
  | "Namespace"
  | "ServiceAccount"
  | "Pod"
  | "Event"
  | "events.k8s.io/Event"
  | "Job"
  | "ReplicaSet"
  | "StatefulSet"
  | "DaemonSet"
  | "ReplicationController"
  | "Lease"
  | "EndpointSlice"
  | "Secret"
  | "ConfigMap"
  | "MutatingWebhookConfiguration"
  | "MutatingAdmissionPolicy"
  | "MutatingAdmissionPolicyBinding"
  | "ValidatingAdmissionPolicy"
  | "ValidatingAdmissionPolicyBinding"
  | "CustomResourceDefinition"
  | "Service"
  | "NetworkPolicy"
  | "Node"
  | "CertificateSigningRequest"
  | BoundKind;

/** The reference of an object. Cluster-scoped ones, such as a Namespace, have no namespace. */
export interface ObjectRef {
  readonly kind: ObjectKind;
  readonly namespace?: string;
  readonly name: string;
}

/** What every object carries. */
export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  /** Counts the changes of the spec. */
  readonly generation?: number;
  readonly finalizers?: readonly string[];
  /** Changes with every write of the object; it has no other meaning. */
  readonly resourceVersion?: string;
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  /** Who wrote which fields when. */
  readonly managedFields?: readonly ManagedFields[];
}

/** The owner of an object. */
export interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly controller?: boolean;
}

/** What one manager wrote (metav1.ManagedFieldsEntry). */
export interface ManagedFields {
  readonly manager?: string;
  /** RFC 3339. */
  readonly time?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

/** An object as the API gives it; `spec` and `status` are unchecked: their reader validates them. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

/** A selection of objects of a kind. */
export interface ObjectQuery {
  readonly kind: ObjectKind;
  /** Of all namespaces where none is named. */
  readonly namespace?: string;
  /** As `job-name=demo-app`. */
  readonly labels?: string;
  /** As `spec.serviceAccountName=demo`. */
  readonly fields?: string;
  /** At most so many; 100 by default. */
  readonly limit?: number;
}

interface ApiResource {
  readonly group: string;
  readonly plural: string;
  /** Cluster-scoped: in no namespace. */
  readonly clusterWide?: true;
}

const ofAdmission = (plural: string): ApiResource => ({
  group: "/apis/admissionregistration.k8s.io/v1",
  plural,
  clusterWide: true,
});

/** Bindings and trusts of each relying party. */
const ofBindings = Object.fromEntries(
  Object.values(partyNames)
    .flatMap(({ binding, trust }): readonly KindNames[] => [binding, trust])
    .map(({ kind, plural, scope }) => [
      kind,
      { group: `/apis/${apiVersion}`, plural, ...(scope === "Cluster" ? { clusterWide: true } : {}) },
    ]),
) as Readonly<Record<BoundKind, ApiResource>>;

const places: Readonly<Record<ObjectKind, ApiResource>> = {
  Namespace: { group: "/api/v1", plural: "namespaces", clusterWide: true },
  ServiceAccount: { group: "/api/v1", plural: "serviceaccounts" },
  Pod: { group: "/api/v1", plural: "pods" },
  Event: { group: "/api/v1", plural: "events" },
  "events.k8s.io/Event": { group: "/apis/events.k8s.io/v1", plural: "events" },
  Job: { group: "/apis/batch/v1", plural: "jobs" },
  ReplicaSet: { group: "/apis/apps/v1", plural: "replicasets" },
  StatefulSet: { group: "/apis/apps/v1", plural: "statefulsets" },
  DaemonSet: { group: "/apis/apps/v1", plural: "daemonsets" },
  ReplicationController: { group: "/api/v1", plural: "replicationcontrollers" },
  Secret: { group: "/api/v1", plural: "secrets" },
  ConfigMap: { group: "/api/v1", plural: "configmaps" },
  MutatingWebhookConfiguration: ofAdmission("mutatingwebhookconfigurations"),
  MutatingAdmissionPolicy: ofAdmission("mutatingadmissionpolicies"),
  MutatingAdmissionPolicyBinding: ofAdmission("mutatingadmissionpolicybindings"),
  ValidatingAdmissionPolicy: ofAdmission("validatingadmissionpolicies"),
  ValidatingAdmissionPolicyBinding: ofAdmission("validatingadmissionpolicybindings"),
  CustomResourceDefinition: {
    group: "/apis/apiextensions.k8s.io/v1",
    plural: "customresourcedefinitions",
    clusterWide: true,
  },
  Service: { group: "/api/v1", plural: "services" },
  EndpointSlice: { group: "/apis/discovery.k8s.io/v1", plural: "endpointslices" },
  NetworkPolicy: { group: "/apis/networking.k8s.io/v1", plural: "networkpolicies" },
  Node: { group: "/api/v1", plural: "nodes", clusterWide: true },
  CertificateSigningRequest: {
    group: "/apis/certificates.k8s.io/v1",
    plural: "certificatesigningrequests",
    clusterWide: true,
  },
  Lease: { group: "/apis/coordination.k8s.io/v1", plural: "leases" },
  ...ofBindings,
};

/** `pods`, `jobs`: as rights name them. */
export function pluralOf(kind: ObjectKind): string {
  return places[kind].plural;
}

/** The reference of an object to write. */
export function refOf({
  apiVersion: version,
  kind,
  metadata: { name, namespace },
}: KubernetesObject): ObjectRef {
  const [group = ""] = version.split("/");
  const whole = `${group}/${kind}`;
  const known = (Object.hasOwn(places, whole) ? whole : kind) as ObjectKind;
  return { kind: known, name, ...defined({ namespace }) };
}

/** The path of all objects of a kind, in all namespaces unless one is named. */
export function allPath({ kind, namespace }: Omit<ObjectRef, "name">): string {
  return namespace === undefined
    ? `${places[kind].group}/${places[kind].plural}`
    : collectionPath({ kind, namespace });
}

/** The path of the objects of a kind. Throws `usage` for a namespace that Kubernetes would not take. */
export function collectionPath({ kind, namespace }: Omit<ObjectRef, "name">): string {
  const { group, plural, clusterWide } = places[kind];
  if (clusterWide === true) return `${group}/${plural}`;
  return `${group}/namespaces/${checkedNamespace(namespace ?? "")}/${plural}`;
}

/** The path of an object. Throws `usage` for names that Kubernetes would not take. */
export function objectPath(ref: ObjectRef): string {
  const name = ref.kind === "Namespace" ? checkedNamespace(ref.name) : checkedName(ref.name);
  return `${collectionPath(ref)}/${name}`;
}

/** The path, with its query, of a list, or of the part of it that begins where another ended. */
export function listPath(query: ObjectQuery, limit: number, next = ""): string {
  const parameters = new URLSearchParams({ limit: String(limit) });
  if (next !== "") parameters.set("continue", next);
  if (query.labels !== undefined) parameters.set("labelSelector", query.labels);
  if (query.fields !== undefined) parameters.set("fieldSelector", query.fields);
  return `${allPath(query)}?${parameters.toString()}`;
}

/** `Job default/demo-app`, for sentences. */
export function objectText({ kind, namespace, name }: ObjectRef): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
