import type { SentCredential } from "./sent-credential.ts";
import type { KubernetesObject, ObjectQuery, ObjectRef } from "./object.ts";

/** Why the cluster gave no usable answer, in one word: `detail.reason` of every `cluster-*` error. */
export type ClusterFailureReason =
  | "dns"
  | "connect"
  | "tls"
  | "timeout"
  | "aborted"
  | "credentials"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "refused"
  | "not-ready"
  | "truncated"
  | "too-large"
  | "status";

/** What came back for a path, whatever its status. */
export interface KubernetesAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The two documents as the cluster renders them: bytes that are JSON objects, not otherwise judged. */
export interface ClusterOidcDocuments {
  readonly discovery: Buffer;
  readonly jwks: Buffer;
}

export interface TokenOptions {
  /** At least one; `cluster` for a token that is good for the cluster's own API, and for nothing else. */
  readonly audiences: readonly string[] | "cluster";
  /** 600 to 2^32; the cluster may give less, never more. */
  readonly expirationSeconds: number;
  /**
   * The pod that the token is for, as the kubelet asks for it: the cluster no longer accepts it once that pod is gone.
   */
  readonly pod?: { readonly name: string; readonly uid: string };
}

export interface MintedToken {
  /** A usable credential: never log it. */
  readonly token: string;
  /** RFC 3339. */
  readonly expirationTimestamp: string;
}

/** Our identity to the cluster (SelfSubjectReview). */
export interface ClusterSubject {
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
}

/** An API server's verdict on a token (TokenReview). */
export interface TokenVerdict {
  readonly authenticated: boolean;
  /** Of the audiences asked about, or of the API server's own, those that the token is for. */
  readonly audiences: readonly string[];
  /** Why it was refused, in the API server's words. */
  readonly error?: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** How an object is applied (https://kubernetes.io/docs/reference/using-api/server-side-apply/). */
export interface ApplyOptions extends CallOptions {
  /** The owner of the given fields. */
  readonly fieldManager: string;
  /** Takes over fields that another manager owns, in place of `cluster-conflict`. */
  readonly force?: boolean;
  /** Judged by the API server and its admission, and not kept. */
  readonly dryRun?: boolean;
  /** Applies the object's status, and nothing else of it. */
  readonly subresource?: "status";
}

/** A pod to evict, and the outcome. */
export interface Eviction {
  /** This very one: another of its name stays. */
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** `budget`: a PodDisruptionBudget does not allow it now. */
  readonly outcome: "evicted" | "absent" | "budget";
}

/** How a streamed answer is followed. */
export interface FollowOptions extends CallOptions {
  /** For messages: what is done, and the right that it needs. */
  readonly what: string;
  readonly right: string;
  readonly accept: string;
  /** Milliseconds without a byte after which the server counts as dead. */
  readonly silenceMs: number;
}

/** How an object is written whole. */
export interface WriteOptions extends CallOptions {
  /** Judged by the API server and its admission, and not kept. */
  readonly dryRun?: boolean;
}

export interface PodLogOptions extends CallOptions {
  /** Needed where the pod has several. */
  readonly container?: string;
  /** Of the log's beginning; 1 MiB by default. */
  readonly limitBytes?: number;
  /** Only so many lines of its end. */
  readonly tailLines?: number;
}

/** A container's log from its beginning. */
export interface PodLog {
  readonly text: string;
  /** The limit was reached: there may be more. */
  readonly full: boolean;
  /** Why there is none yet, or no more, in the API server's words. */
  readonly absent?: string;
}

/**
 * The part of the Kubernetes API that podtrust uses. Each call opens a connection of its own unless they are kept, so that
 * behind a load balancer every API server is seen sooner or later, and reads rotating credentials anew.
 *
 * All but `get` throw PodtrustError: `cluster-unreachable`, `cluster-unauthenticated` (401),
 * `cluster-forbidden` (403, with the right that is missing), `cluster-not-found` (404), `cluster-conflict` (409),
 * `cluster-refused` (the object is invalid or forbidden by admission), `cluster-not-ready` (429, 5xx, and where an API
 * server that is starting refuses), `cluster-answer-invalid`
 * (cut short, too large, not JSON, another status), `cluster-credentials` (a token file or exec plugin failed);
 * `get` throws only the first and the last. `detail.reason` is a ClusterFailureReason.
 */
export interface KubernetesApi {
  /** The API server's URL without a trailing slash. */
  readonly server: string;
  /** The facts in the credential of the last call; undefined before the first, or where it has none. */
  sentCredential(): SentCredential | undefined;
  /** The answer for a path such as /version, whatever its status. */
  get(path: string, options?: CallOptions): Promise<KubernetesAnswer>;
  /**
   * Plurals of the resources that the API server serves now of a group and version such as `podtrust.dev/v1alpha1`;
   * none where it does not know them. Every authenticated caller may ask (ClusterRole system:discovery).
   */
  servedResources(groupVersion: string, options?: CallOptions): Promise<readonly string[]>;
  /** Discovery document and JWK Set (non-resource paths; ClusterRole system:service-account-issuer-discovery). */
  oidcDocuments(options?: CallOptions): Promise<ClusterOidcDocuments>;
  /** A token of a ServiceAccount by the TokenRequest API. */
  requestToken(
    namespace: string,
    name: string,
    token: TokenOptions,
    options?: CallOptions,
  ): Promise<MintedToken>;
  /** Whether this API server accepts a token for itself, or for the given audiences. */
  reviewToken(
    token: string,
    options?: CallOptions & { readonly audiences?: readonly string[] },
  ): Promise<TokenVerdict>;
  /** Makes the namespace where it is absent. */
  createNamespace(name: string, options?: CallOptions): Promise<"created" | "exists">;
  /** Makes the ServiceAccount where it is absent; its namespace has to exist. */
  createServiceAccount(
    namespace: string,
    name: string,
    options?: CallOptions & { readonly labels?: Readonly<Record<string, string>> },
  ): Promise<"created" | "exists">;
  /** Removes a ServiceAccount; that it is gone already is success. */
  deleteServiceAccount(namespace: string, name: string, options?: CallOptions): Promise<void>;
  /** An object; undefined where there is none. */
  read(ref: ObjectRef, options?: CallOptions): Promise<KubernetesObject | undefined>;
  /** Objects of a kind in a namespace, at most `limit`. */
  list(query: ObjectQuery, options?: CallOptions): Promise<readonly KubernetesObject[]>;
  /**
   * Server-side apply: the given fields are set, what others own stays. Fields that the API does not know are an error.
   * Throws `cluster-conflict` where another manager owns a field with another value, `cluster-refused` where the API
   * server or its admission refuses the object.
   */
  apply(object: KubernetesObject, options: ApplyOptions): Promise<KubernetesObject>;
  /** Makes an object. Throws `cluster-conflict` where one of this name exists. */
  create(object: KubernetesObject, options?: WriteOptions): Promise<KubernetesObject>;
  /**
   * Replaces an existing object. Throws `cluster-conflict` where that is no longer of the given
   * `metadata.resourceVersion`, `cluster-not-found` where there is none.
   */
  replace(object: KubernetesObject, options?: WriteOptions): Promise<KubernetesObject>;
  /**
   * Removes a finalizer from an object, whatever set it (JSON Patch, RFC 6902). That the object is gone is success;
   * throws `cluster-conflict` where its finalizers are others by now than those given, or it is another object of the
   * same name.
   */
  removeFinalizer(object: KubernetesObject, finalizer: string, options?: CallOptions): Promise<void>;
  /** Removes an object and, in the background, what it owns; with `uid` only that very one, else `cluster-conflict`. */
  remove(ref: ObjectRef, options?: CallOptions & { readonly uid?: string }): Promise<"removed" | "absent">;
  /** Asks for a pod to go, as far as PodDisruptionBudgets allow (policy/v1, the Eviction API). */
  evict(pod: Eviction["pod"], options?: CallOptions): Promise<Eviction["outcome"]>;
  /** An answer that is taken as it comes, such as a watch's; `consume` bounds it, and with it the connection ends. */
  follow<T>(
    path: string,
    options: FollowOptions,
    consume: (body: AsyncIterable<Buffer>) => Promise<T>,
  ): Promise<T>;
  /** A container's log from its beginning; one that has not started has none, which is no error. */
  podLog(namespace: string, name: string, options?: PodLogOptions): Promise<PodLog>;
  /** Our identity to the cluster. */
  selfSubject(options?: CallOptions): Promise<ClusterSubject>;
  /** True for a credential with every verb on every resource: an admin's, which no daemon should hold. */
  canDoAnything(options?: CallOptions): Promise<boolean>;
}
