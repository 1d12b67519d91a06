import {
  collectBytes,
  defined,
  type JsonRecord,
  mapped,
  PodtrustError,
  recordsOf,
  textOf,
} from "../../core/base/index.ts";
import { type RequestPurpose, jsonObject, statusFault } from "./answer.ts";
import type {
  ApplyOptions,
  CallOptions,
  ClusterOidcDocuments,
  ClusterSubject,
  Eviction,
  FollowOptions,
  KubernetesAnswer,
  KubernetesApi,
  MintedToken,
  PodLog,
  PodLogOptions,
  TokenOptions,
  TokenVerdict,
  WriteOptions,
} from "./api.ts";
import { maxDiscovery } from "../../rules/oidc/index.ts";
import { maxJwkSet } from "../../rules/keys/index.ts";
import { EndpointCaller } from "./caller.ts";
import type { Endpoint } from "./endpoint.ts";
import { mapping, text } from "./kubeconfig.ts";
import { checkedName, checkedNamespace } from "./names.ts";
import type { KubernetesObject, ObjectQuery, ObjectRef } from "./object.ts";
import { ObjectCalls } from "./objects.ts";
import type { SentCredential } from "./sent-credential.ts";

export const discoveryPath = "/.well-known/openid-configuration";
const jwksPath = "/openid/v1/jwks";
// ValidateTokenRequest of the API server: ten minutes, and an int32's worth of seconds twice over.
const shortestToken = 600;
const maxToken = 2 ** 32;

const issuerAbsent =
  "An API server serves the two documents only when its issuer and jwks_uri are https URLs: " +
  "set --service-account-issuer and --service-account-jwks-uri.";

/** Refuses what TokenRequest would refuse, in words that name the value. */
function checkToken(token: TokenOptions): void {
  const { expirationSeconds: seconds, audiences } = token;
  // Without one Kubernetes would give a token for its own API: more than intended.
  if (audiences !== "cluster" && (audiences.length === 0 || audiences.includes(""))) {
    throw new PodtrustError("usage", "a token needs an audience, and none may be empty");
  }
  if (Number.isInteger(seconds) && seconds >= shortestToken && seconds <= maxToken) return;
  const bound = seconds > maxToken ? "2^32 seconds at most" : "whole seconds, 600 at least";
  throw new PodtrustError("token-lifetime", `a token of ${seconds} s: Kubernetes gives ${bound}`, {
    next: seconds > maxToken ? "Ask for less." : "Ask for 600 seconds or more.",
    detail: { expirationSeconds: seconds, min: shortestToken, max: maxToken },
  });
}

// Of an answer that is not the wanted one.
const maxRefusal = 64 * 1024;

class Client implements KubernetesApi {
  readonly #caller: EndpointCaller;
  readonly #objects: ObjectCalls;

  constructor(caller: EndpointCaller) {
    this.#caller = caller;
    this.#objects = new ObjectCalls(caller);
  }

  get server(): string {
    return this.#caller.server;
  }

  sentCredential(): SentCredential | undefined {
    return this.#caller.sentCredential;
  }

  get(path: string, options: CallOptions = {}): Promise<KubernetesAnswer> {
    return this.#caller.send({ path, ...options });
  }

  async servedResources(groupVersion: string, options: CallOptions = {}): Promise<readonly string[]> {
    const path = `/apis/${groupVersion}`;
    const right = `get on the non-resource URL ${path}`;
    const purpose = this.#purpose({ what: `ask which resources ${groupVersion} has`, right });
    const answer = await this.get(path, options);
    if (answer.status === 404) return [];
    if (answer.status !== 200) throw await this.#caller.fault(purpose, answer, options);
    const { resources } = jsonObject(purpose, answer.body);
    return recordsOf(resources).flatMap(({ name }) => textOf(name) ?? []);
  }

  async oidcDocuments(options: CallOptions = {}): Promise<ClusterOidcDocuments> {
    const discovery = await this.#document(discoveryPath, maxDiscovery, options);
    const jwks = await this.#document(jwksPath, maxJwkSet, options);
    return { discovery, jwks };
  }

  async requestToken(
    namespace: string,
    name: string,
    token: TokenOptions,
    options: CallOptions = {},
  ): Promise<MintedToken> {
    checkToken(token);
    const account = `${checkedNamespace(namespace)}/${checkedName(name)}`;
    const purpose = this.#purpose({
      what: `mint a token of ${account}`,
      right: `create serviceaccounts/token in the namespace ${namespace}`,
      absent: `Make the ServiceAccount: kubectl create serviceaccount -n ${namespace} ${name}`,
    });
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        audiences: token.audiences === "cluster" ? [] : token.audiences,
        expirationSeconds: token.expirationSeconds,
        ...defined({
          boundObjectRef: mapped(token.pod, (pod) => ({ apiVersion: "v1", kind: "Pod", ...pod })),
        }),
      },
    };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const status = mapping(await this.#post(purpose, path, body, options), "status") ?? {};
    const minted = text(status, "token");
    const expirationTimestamp = text(status, "expirationTimestamp");
    if (minted !== undefined && expirationTimestamp !== undefined)
      return { token: minted, expirationTimestamp };
    throw this.#lacking(purpose, "status.token");
  }

  async reviewToken(
    token: string,
    { audiences, signal }: CallOptions & { readonly audiences?: readonly string[] } = {},
  ): Promise<TokenVerdict> {
    const purpose = this.#purpose({
      what: "ask whether a token is accepted",
      right: "create tokenreviews.authentication.k8s.io",
    });
    const path = "/apis/authentication.k8s.io/v1/tokenreviews";
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token, ...defined({ audiences }) },
    };
    const status = mapping(await this.#post(purpose, path, body, defined({ signal })), "status") ?? {};
    const said = status["audiences"];
    return {
      // The member is left out where it is false.
      authenticated: status["authenticated"] === true,
      audiences: Array.isArray(said) ? said.map(String) : [],
      ...defined({ error: text(status, "error") }),
    };
  }

  async createNamespace(name: string, options: CallOptions = {}): Promise<"created" | "exists"> {
    const collection = "/api/v1/namespaces";
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: checkedNamespace(name) } };
    const purpose = this.#purpose({ what: `make the namespace ${name}`, right: "get and create namespaces" });
    return this.#createIfAbsent(purpose, `${collection}/${name}`, { path: collection, body }, options);
  }

  async createServiceAccount(
    namespace: string,
    name: string,
    options: CallOptions & { readonly labels?: Readonly<Record<string, string>> } = {},
  ): Promise<"created" | "exists"> {
    const collection = `/api/v1/namespaces/${checkedNamespace(namespace)}/serviceaccounts`;
    const { labels = {} } = options;
    const metadata = { namespace, name: checkedName(name), labels };
    const body = { apiVersion: "v1", kind: "ServiceAccount", metadata };
    const purpose = this.#purpose({
      what: `make the ServiceAccount ${namespace}/${name}`,
      right: `get and create serviceaccounts in the namespace ${namespace}`,
      absent: `Make the namespace first: kubectl create namespace ${namespace}`,
    });
    return this.#createIfAbsent(purpose, `${collection}/${name}`, { path: collection, body }, options);
  }

  async deleteServiceAccount(namespace: string, name: string, options: CallOptions = {}): Promise<void> {
    const path = `/api/v1/namespaces/${checkedNamespace(namespace)}/serviceaccounts/${checkedName(name)}`;
    const purpose = this.#purpose({
      what: `remove the ServiceAccount ${namespace}/${name}`,
      right: `delete serviceaccounts in the namespace ${namespace}`,
    });
    const answer = await this.#caller.send({ path, method: "DELETE", ...options });
    if (answer.status !== 200 && answer.status !== 404)
      throw await this.#caller.fault(purpose, answer, options);
  }

  read(ref: ObjectRef, options: CallOptions = {}): Promise<KubernetesObject | undefined> {
    return this.#objects.read(ref, options);
  }

  list(query: ObjectQuery, options: CallOptions = {}): Promise<readonly KubernetesObject[]> {
    return this.#objects.list(query, options);
  }

  apply(object: KubernetesObject, options: ApplyOptions): Promise<KubernetesObject> {
    return this.#objects.apply(object, options);
  }

  create(object: KubernetesObject, options: WriteOptions = {}): Promise<KubernetesObject> {
    return this.#objects.create(object, options);
  }

  replace(object: KubernetesObject, options: WriteOptions = {}): Promise<KubernetesObject> {
    return this.#objects.replace(object, options);
  }

  removeFinalizer(object: KubernetesObject, finalizer: string, options: CallOptions = {}): Promise<void> {
    return this.#objects.removeFinalizer(object, finalizer, options);
  }

  remove(
    ref: ObjectRef,
    options: CallOptions & { readonly uid?: string } = {},
  ): Promise<"removed" | "absent"> {
    return this.#objects.remove(ref, options);
  }

  evict(pod: Eviction["pod"], options: CallOptions = {}): Promise<Eviction["outcome"]> {
    return this.#objects.evict(pod, options);
  }

  follow<T>(
    path: string,
    options: FollowOptions,
    consume: (body: AsyncIterable<Buffer>) => Promise<T>,
  ): Promise<T> {
    const { what, right, ...call } = options;
    return this.#caller.sendStream({ path, ...call }, async ({ status, headers, body }) => {
      if (status === 200) return consume(body);
      const said = await collectBytes(body, maxRefusal).catch(() => Buffer.alloc(0));
      throw await this.#caller.fault(
        this.#purpose({ what, right }),
        { status, headers, body: said },
        options,
      );
    });
  }

  podLog(namespace: string, name: string, options: PodLogOptions = {}): Promise<PodLog> {
    return this.#objects.podLog(namespace, name, options);
  }

  async selfSubject(options: CallOptions = {}): Promise<ClusterSubject> {
    const purpose = this.#purpose({ what: "ask who we are", right: "create selfsubjectreviews" });
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const status = mapping(await this.#post(purpose, path, body, options), "status") ?? {};
    const user = mapping(status, "userInfo") ?? {};
    const username = text(user, "username");
    if (username === undefined) throw this.#lacking(purpose, "status.userInfo.username");
    const groups = Array.isArray(user["groups"]) ? user["groups"].map(String) : [];
    return { username, uid: text(user, "uid"), groups };
  }

  async canDoAnything(options: CallOptions = {}): Promise<boolean> {
    const purpose = this.#purpose({ what: "ask what we may do", right: "create selfsubjectaccessreviews" });
    const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    const resourceAttributes = { verb: "*", group: "*", resource: "*" };
    const body = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes },
    };
    const status = mapping(await this.#post(purpose, path, body, options), "status") ?? {};
    if (typeof status["allowed"] !== "boolean") throw this.#lacking(purpose, "status.allowed");
    return status["allowed"];
  }

  #purpose(purpose: Omit<RequestPurpose, "server">): RequestPurpose {
    return { server: this.server, ...purpose };
  }

  #lacking(purpose: RequestPurpose, field: string): PodtrustError {
    const sentence = `cluster ${purpose.server}, to ${purpose.what}: its answer has no ${field}`;
    return new PodtrustError("cluster-answer-invalid", sentence, {
      detail: { server: purpose.server, reason: "status" },
    });
  }

  async #document(path: string, maxBytes: number, options: CallOptions): Promise<Buffer> {
    const purpose = this.#purpose({
      what: `read ${path}`,
      right: `get on the non-resource URL ${path} (podtrust manifests publisher-rbac prints it)`,
      absent: issuerAbsent,
    });
    const call = { path, maxBytes, ...options };
    let answer = await this.#caller.send(call);
    if (answer.status !== 200) {
      const fault = await this.#caller.fault(purpose, answer, { ...options, forbiddenReadiness: true });
      if (fault.code !== "cluster-forbidden" && fault.code !== "cluster-unauthenticated") throw fault;
      // It may have become ready between the refusal and the question whether it is.
      answer = await this.#caller.send(call);
      if (answer.status !== 200) throw statusFault(purpose, answer);
    }
    jsonObject(purpose, answer.body);
    return answer.body;
  }

  async #post(
    purpose: RequestPurpose,
    path: string,
    body: unknown,
    options: CallOptions,
  ): Promise<JsonRecord> {
    const answer = await this.#caller.send({ path, body, ...options });
    if (answer.status !== 200 && answer.status !== 201)
      throw await this.#caller.fault(purpose, answer, options);
    return jsonObject(purpose, answer.body);
  }

  async #createIfAbsent(
    purpose: RequestPurpose,
    path: string,
    creation: { readonly path: string; readonly body: unknown },
    options: CallOptions,
  ): Promise<"created" | "exists"> {
    const found = await this.get(path, options);
    if (found.status === 200) return "exists";
    const answer = await this.#caller.send({ ...creation, ...options });
    // Another client was faster: what we wanted exists.
    if (answer.status === 409) return "exists";
    if (answer.status !== 201) throw await this.#caller.fault(purpose, answer, options);
    return "created";
  }
}

/** The API at an endpoint. */
export function kubernetesClient(endpoint: Endpoint, timeoutMs: number): KubernetesApi {
  return new Client(new EndpointCaller(endpoint, timeoutMs));
}
