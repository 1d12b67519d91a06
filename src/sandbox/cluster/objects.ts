import { randomUUID } from "node:crypto";
import { defined, isoSeconds } from "../../core/base/index.ts";
import { namespaceProblem, serviceAccountProblem } from "../../rules/oidc/index.ts";
import { alreadyExists, invalid, notFound } from "./status.ts";

/** A Namespace or ServiceAccount as stored. */
export interface StoredObject {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** Fields that clients may set. */
export interface StoredMetadata {
  readonly labels?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

/** Namespaces and ServiceAccounts, in memory. */
export class Objects {
  readonly #now: () => number;
  readonly #namespaces = new Map<string, StoredObject>();
  readonly #accounts = new Map<string, StoredObject>();
  #version = 0;

  constructor(now: () => number) {
    this.#now = now;
    for (const name of ["default", "kube-public", "kube-system"]) this.createNamespace(name);
  }

  get version(): string {
    return String(this.#version);
  }

  namespaces(): readonly StoredObject[] {
    return [...this.#namespaces.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Of one namespace, or of all. */
  accounts(namespace?: string): readonly StoredObject[] {
    return [...this.#accounts.entries()]
      .filter(([, kept]) => namespace === undefined || kept.namespace === namespace)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, kept]) => kept);
  }

  namespace(name: string): StoredObject {
    const kept = this.#namespaces.get(name);
    if (kept === undefined) throw notFound("namespaces", name);
    return kept;
  }

  account(namespace: string, name: string): StoredObject {
    const kept = this.findAccount(namespace, name);
    if (kept === undefined) throw notFound("serviceaccounts", name);
    return kept;
  }

  findAccount(namespace: string, name: string): StoredObject | undefined {
    return this.#accounts.get(`${namespace}/${name}`);
  }

  createNamespace(name: string, metadata: StoredMetadata = {}): StoredObject {
    const problem = namespaceProblem(name);
    if (problem !== undefined) throw invalid("Namespace", name, "metadata.name", problem);
    if (this.#namespaces.has(name)) throw alreadyExists("namespaces", name);
    const kept = this.#keep(name, undefined, metadata);
    this.#namespaces.set(name, kept);
    // Elsewhere its controller takes a moment; here it exists at once.
    this.createAccount(name, "default");
    return kept;
  }

  createAccount(namespace: string, name: string, metadata: StoredMetadata = {}): StoredObject {
    this.namespace(namespace);
    const problem = serviceAccountProblem(name);
    if (problem !== undefined) throw invalid("ServiceAccount", name, "metadata.name", problem);
    const key = `${namespace}/${name}`;
    if (this.#accounts.has(key)) throw alreadyExists("serviceaccounts", name);
    const kept = this.#keep(name, namespace, metadata);
    this.#accounts.set(key, kept);
    return kept;
  }

  deleteNamespace(name: string): StoredObject {
    const kept = this.namespace(name);
    for (const account of this.accounts(name)) this.#accounts.delete(`${name}/${account.name}`);
    this.#namespaces.delete(name);
    this.#version += 1;
    return kept;
  }

  deleteAccount(namespace: string, name: string): StoredObject {
    const kept = this.account(namespace, name);
    this.#accounts.delete(`${namespace}/${name}`);
    this.#version += 1;
    return kept;
  }

  #keep(name: string, namespace: string | undefined, metadata: StoredMetadata): StoredObject {
    this.#version += 1;
    return {
      name,
      namespace,
      uid: randomUUID(),
      resourceVersion: this.version,
      createdAt: this.#now(),
      labels: metadata.labels ?? {},
      annotations: metadata.annotations ?? {},
    };
  }
}

function metadataOf(kept: StoredObject): object {
  const labels =
    kept.namespace === undefined ? { "kubernetes.io/metadata.name": kept.name, ...kept.labels } : kept.labels;
  return {
    name: kept.name,
    ...defined({ namespace: kept.namespace }),
    uid: kept.uid,
    resourceVersion: kept.resourceVersion,
    creationTimestamp: isoSeconds(kept.createdAt),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(kept.annotations).length === 0 ? {} : { annotations: kept.annotations }),
  };
}

/** The object as the API shows it. */
export function shownObject(kept: StoredObject): object {
  if (kept.namespace !== undefined)
    return { kind: "ServiceAccount", apiVersion: "v1", metadata: metadataOf(kept) };
  return {
    kind: "Namespace",
    apiVersion: "v1",
    metadata: metadataOf(kept),
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  };
}

/** A list as the API shows it: items without kind and apiVersion. */
export function shownList(kind: string, resourceVersion: string, kept: readonly StoredObject[]): object {
  const items = kept.map((one) => {
    const { kind: _kind, apiVersion: _apiVersion, ...rest } = shownObject(one) as Record<string, unknown>;
    return rest;
  });
  return { kind, apiVersion: "v1", metadata: { resourceVersion }, items };
}
