import type { Access } from "./access.ts";

/** A request for a resource. */
export interface ResourceRequest {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

const verbs: Readonly<Record<string, string>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

function decoded(path: string): readonly string[] | undefined {
  try {
    return path.split("/").slice(1).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function verbOf(method: string, name: string | undefined): string {
  const verb = verbs[method] ?? method.toLowerCase();
  return name === undefined && verb === "get" ? "list" : verb;
}

interface Prefix {
  readonly group: string;
  readonly rest: readonly string[];
}

function prefixOf(segments: readonly string[]): Prefix | undefined {
  const [first, second, third] = segments;
  if (first === "api" && second === "v1") return { group: "", rest: segments.slice(2) };
  if (first === "apis" && second !== undefined && third === "v1")
    return { group: second, rest: segments.slice(3) };
  return undefined;
}

/**
 * What a path and method ask for, by the API server's own rules (k8s.io/apiserver RequestInfoFactory); undefined
 * for a non-resource path.
 */
export function resourceRequest(method: string, path: string): ResourceRequest | undefined {
  const segments = decoded(path);
  const prefix = segments === undefined ? undefined : prefixOf(segments);
  if (prefix === undefined || (prefix.rest[0] ?? "") === "") return undefined;
  const { group, rest } = prefix;
  const inside = rest[0] === "namespaces" && rest.length > 2;
  const namespace = rest[0] === "namespaces" ? rest[1] : undefined;
  const [resource = "", name, subresource, ...tooMuch] = inside ? rest.slice(2) : rest;
  if (tooMuch.length > 0) return undefined;
  return { verb: verbOf(method, name), group, resource, subresource, namespace, name };
}

/** The access that a request needs. */
export function accessOf(method: string, path: string, wanted: ResourceRequest | undefined): Access {
  if (wanted === undefined) return { verb: verbs[method] ?? method.toLowerCase(), path };
  const { verb, group, namespace, name, subresource } = wanted;
  const resource = subresource === undefined ? wanted.resource : `${wanted.resource}/${subresource}`;
  return { verb, group, resource, namespace, name };
}
