import { headerOf, type WireRequest } from "./gate.ts";
import type { WireForm } from "./service.ts";

/** The query of a request line, without the question mark. */
export function queryOf(target: string): string {
  const at = target.indexOf("?");
  return at === -1 ? "" : target.slice(at + 1);
}

/** The same with needlessly encoded letters decoded: names are compared by meaning. */
function plainQueryOf(target: string): string {
  return queryOf(target).replaceAll(/%(?:4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]|2d)/giu, decodeURIComponent);
}

/**
 * Whether an AWS client sent it: it is signed, names an operation, or has the headers that every SDK sends and no
 * browser does.
 */
export function isAwsCall(request: WireRequest): boolean {
  if (headerOf(request, "authorization")?.startsWith("AWS") === true) return true;
  if (Object.keys(request.headers).some((name) => /^(?:x-amz|amz-sdk)-/u.test(name))) return true;
  return /(?:^|&)(?:Action|X-Amz-Algorithm|X-Amz-Signature|AWSAccessKeyId)=/u.test(
    plainQueryOf(request.target),
  );
}

/** The unverified claims of a request's signature: `AKID/20261125/eu-central-1/s3/aws4_request`, in its parts. */
function claimedCredential(request: WireRequest): readonly string[] {
  const header = headerOf(request, "authorization") ?? "";
  const inHeader = /Credential=([^,\s]{1,300})/u.exec(header)?.[1];
  const inQuery = /(?:^|&)X-Amz-Credential=([^&]{1,300})/u.exec(plainQueryOf(request.target))?.[1];
  return (inHeader ?? inQuery?.replaceAll(/%2f/giu, "/") ?? "").split("/");
}

/** The access key that a request claims to be signed with; undefined if it names none. */
export function claimedKey(request: WireRequest): string | undefined {
  const [key = ""] = claimedCredential(request);
  return key === "" ? undefined : key;
}

/**
 * The service in the unverified scope of a request's signature; undefined if there is none. Signature Version 2 has no
 * scope, and only S3 still accepts it in a header.
 */
export function claimedService(request: WireRequest): string | undefined {
  if (headerOf(request, "authorization")?.startsWith("AWS ") === true) return "s3";
  const service = claimedCredential(request).at(-2) ?? "";
  return /^[a-z0-9-]{1,64}$/u.test(service) ? service : undefined;
}

const forms: Readonly<Record<string, WireForm>> = {
  s3: "rest-xml",
  s3express: "rest-xml",
  "s3-outposts": "rest-xml",
  "s3-object-lambda": "rest-xml",
  ec2: "ec2",
  cloudfront: "query",
  route53: "query",
};

/** Whether query or body is a form that names its operation, as in the query protocol. */
export function namesAction(request: WireRequest): boolean {
  const named = /(?:^|&)Action=/u;
  return named.test(plainQueryOf(request.target)) || named.test(Buffer.from(request.body).toString("latin1"));
}

/** The refusal of this request in the protocol of a service that the sandbox lacks. */
export function foreignForm(request: WireRequest, service: string): WireForm {
  const known = Object.hasOwn(forms, service) ? forms[service] : undefined;
  // All others speak JSON today.
  return known ?? (namesAction(request) ? "query" : "json");
}
