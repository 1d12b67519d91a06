import { isoSeconds } from "../../core/base/index.ts";
import type { PublicJwk } from "../../rules/keys/index.ts";
import { allowed, discoveryPath, forbidden, jwksPath } from "./access.ts";
import { discoveryPage } from "./discovery.ts";
import { issuerDocument } from "./documents.ts";
import { type StoredMetadata, shownList, shownObject } from "./objects.ts";
import { selfSubjectAccessReview, selfSubjectReview } from "./reviews.ts";
import { accessOf, type ResourceRequest, resourceRequest } from "./route.ts";
import { badRequest, notFound, noSuchPath, notDone, StatusError } from "./status.ts";
import { mintToken, type TokenIssuing } from "./token-request.ts";
import type { ClusterFault } from "./types.ts";
import type { Authentication, User } from "./user.ts";

/** One request, parsed. */
export interface ApiRequest {
  readonly user: User;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Absent if none was sent. */
  readonly body: object | undefined;
  readonly fault: ClusterFault | undefined;
  /** The keys published by the API server that this connection reached. */
  readonly published: readonly PublicJwk[];
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiState extends TokenIssuing, Authentication {
  readonly jwksUri: string;
}

// Kubernetes' cache lifetime of the two documents; the publisher overrides it.
const documentCaching = "public, max-age=3600";

// Go's own mux answers paths outside the API.
const pageNotFound: ApiAnswer = {
  status: 404,
  body: "404 page not found\n",
  headers: { "content-type": "text/plain; charset=utf-8" },
};

function nonResource(state: ApiState, request: ApiRequest): ApiAnswer {
  const { path, fault, published } = request;
  if (path === discoveryPath || path === jwksPath) {
    const { issuer, jwksUri } = state;
    const document = issuerDocument(path, { issuer, jwksUri, keys: published }, fault);
    if (document === undefined) return pageNotFound;
    const headers = { "content-type": document.type, "cache-control": documentCaching };
    return { status: 200, body: document.body, headers };
  }
  if (/^\/(healthz|livez|readyz)$/u.test(path)) {
    return { status: 200, body: "ok", headers: { "content-type": "text/plain; charset=utf-8" } };
  }
  const page = discoveryPage(path);
  if (page === undefined) return pageNotFound;
  return { status: 200, body: page };
}

function required(body: object | undefined): object {
  if (body === undefined) throw badRequest("a JSON body is missing");
  return body;
}

function metadataOf(body: object): StoredMetadata & { readonly name: string } {
  const { metadata } = body as { readonly metadata?: StoredMetadata & { readonly name?: unknown } };
  if (typeof metadata?.name !== "string") throw badRequest("metadata.name is missing");
  return { ...metadata, name: metadata.name };
}

type Handler = (state: ApiState, wanted: ResourceRequest, request: ApiRequest) => ApiAnswer;

const namespaces: Readonly<Record<string, Handler>> = {
  list: ({ objects }) => ({
    status: 200,
    body: shownList("NamespaceList", objects.version, objects.namespaces()),
  }),
  get: ({ objects }, { name = "" }) => ({ status: 200, body: shownObject(objects.namespace(name)) }),
  create: ({ objects }, _wanted, { body }) => {
    const { name, ...metadata } = metadataOf(required(body));
    return { status: 201, body: shownObject(objects.createNamespace(name, metadata)) };
  },
  delete: ({ objects }, { name = "" }) => ({ status: 200, body: shownObject(objects.deleteNamespace(name)) }),
};

const accounts: Readonly<Record<string, Handler>> = {
  list: ({ objects }, { namespace }) => ({
    status: 200,
    body: shownList("ServiceAccountList", objects.version, objects.accounts(namespace)),
  }),
  get: ({ objects }, { namespace = "", name = "" }) => ({
    status: 200,
    body: shownObject(objects.account(namespace, name)),
  }),
  create: ({ objects }, { namespace = "" }, { body }) => {
    const { name, ...metadata } = metadataOf(required(body));
    return { status: 201, body: shownObject(objects.createAccount(namespace, name, metadata)) };
  },
  delete: ({ objects }, { namespace = "", name = "" }) => ({
    status: 200,
    body: shownObject(objects.deleteAccount(namespace, name)),
  }),
};

/** Nothing runs here, so every selection is empty. */
const pods: Readonly<Record<string, Handler>> = {
  list: ({ objects }) => ({ status: 200, body: shownList("PodList", objects.version, []) }),
  get: (_state, { name = "" }) => {
    throw notFound("pods", name);
  },
};

const token: Readonly<Record<string, Handler>> = {
  create: (state, { namespace = "", name = "" }, { body }) => {
    const { uid } = state.objects.account(namespace, name);
    return { status: 201, body: mintToken({ namespace, name, uid }, required(body), state) };
  },
};

const reviews: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  "authentication.k8s.io selfsubjectreviews": {
    create: (state, _wanted, { user }) => ({
      status: 201,
      body: selfSubjectReview(user, isoSeconds(state.now() * 1000)),
    }),
  },
  "authorization.k8s.io selfsubjectaccessreviews": {
    create: (_state, _wanted, { user, body }) => ({
      status: 201,
      body: selfSubjectAccessReview(user, required(body)),
    }),
  },
};

const resources: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  " namespaces": namespaces,
  " pods": pods,
  " serviceaccounts": accounts,
  " serviceaccounts/token": token,
  ...reviews,
};

const knownGroups = new Set(Object.keys(resources).map((key) => key.split(" ")[0]));

function handlerOf(wanted: ResourceRequest, query: URLSearchParams): Handler {
  const { group, resource, subresource, verb } = wanted;
  const kind = subresource === undefined ? resource : `${resource}/${subresource}`;
  const known = resources[`${group} ${kind}`];
  if (known === undefined) throw noSuchPath();
  if (["1", "true"].includes(query.get("watch") ?? "")) throw notDone(`watch ${kind}`);
  const selects = query.get("labelSelector") || query.get("fieldSelector");
  if (selects && known !== pods) throw notDone(`select ${kind}`);
  const handler = known[verb];
  if (handler === undefined) throw notDone(`${verb} ${kind}`);
  return handler;
}

function isShut({ path, fault }: ApiRequest): boolean {
  if (fault === "starting") return true;
  return fault === "forbidden" && (path === discoveryPath || path === jwksPath);
}

/** Answers a request of an authenticated user; throws StatusError. */
export function answer(state: ApiState, request: ApiRequest): ApiAnswer {
  const { user, method, path } = request;
  const wanted = resourceRequest(method, path);
  const access = accessOf(method, path, wanted);
  if (request.fault === "starting" && path === "/readyz")
    throw new StatusError(500, "InternalError", "[-]poststarthook/rbac/bootstrap-roles failed: not finished");
  if (isShut(request) || !allowed(user, access)) throw forbidden(user, access);
  if (wanted !== undefined && !knownGroups.has(wanted.group)) return pageNotFound;
  if (wanted !== undefined) return handlerOf(wanted, request.query)(state, wanted, request);
  if (method !== "GET" && method !== "HEAD") throw notDone(`${method} ${path}`);
  return nonResource(state, request);
}
