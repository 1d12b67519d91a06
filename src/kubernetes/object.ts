import { checkedName, checkedNamespace } from "./names.ts";

/** The kinds of object that podtrust reads or writes. */
export type ObjectKind = "Namespace" | "ServiceAccount" | "Pod" | "Event" | "Job";

/** Which object is meant. Namespaces have no namespace themselves; everything else has one. */
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
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object as the API gives it; `spec` and `status` are as far checked as whoever reads them does. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

/** Which objects of a kind are meant. */
export interface ObjectQuery {
  readonly kind: ObjectKind;
  readonly namespace: string;
  /** As `job-name=demo-app`. */
  readonly labels?: string;
  /** As `spec.serviceAccountName=demo`. */
  readonly fields?: string;
  /** At most so many; 100 unless told. */
  readonly limit?: number;
}

const places: Readonly<Record<ObjectKind, { readonly group: string; readonly plural: string }>> = {
  Namespace: { group: "/api/v1", plural: "namespaces" },
  ServiceAccount: { group: "/api/v1", plural: "serviceaccounts" },
  Pod: { group: "/api/v1", plural: "pods" },
  Event: { group: "/api/v1", plural: "events" },
  Job: { group: "/apis/batch/v1", plural: "jobs" },
};

/** `pods`, `jobs`: as rights name them. */
export function pluralOf(kind: ObjectKind): string {
  return places[kind].plural;
}

/** The path of an object. Throws `usage` for names that Kubernetes would not take. */
export function objectPath(ref: ObjectRef): string {
  const { group, plural } = places[ref.kind];
  if (ref.kind === "Namespace") return `${group}/${plural}/${checkedNamespace(ref.name)}`;
  return `${group}/namespaces/${checkedNamespace(ref.namespace ?? "")}/${plural}/${checkedName(ref.name)}`;
}

/** The path, with its query, of a list. */
export function listPath(query: ObjectQuery): string {
  const { group, plural } = places[query.kind];
  const parameters = new URLSearchParams({ limit: String(query.limit ?? 100) });
  if (query.labels !== undefined) parameters.set("labelSelector", query.labels);
  if (query.fields !== undefined) parameters.set("fieldSelector", query.fields);
  return `${group}/namespaces/${checkedNamespace(query.namespace)}/${plural}?${parameters.toString()}`;
}

/** `Job default/demo-app`, for sentences. */
export function objectText({ kind, namespace, name }: ObjectRef): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
