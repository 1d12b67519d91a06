import { defined } from "../../core/base/index.ts";
import { parseIssuer } from "../../rules/oidc/index.ts";

/** What decides where in a bucket the documents are. */
export interface S3Spec {
  readonly issuer: string;
  readonly jwksUri?: string;
  readonly bucket: string;
  readonly region: string;
  /** What a front such as CloudFront puts before a URL's path; ends with a slash, or is empty. */
  readonly prefix: string;
}

/** The keys of the two objects. */
export interface S3Keys {
  readonly discovery: string;
  readonly jwks: string;
}

/** Why a URL does not lead to its object. */
export interface S3Problem {
  readonly of: "issuer" | "jwksUri";
  readonly message: string;
  readonly next: string;
}

interface S3Host {
  /** In the name; absent where it is the path's first part. */
  readonly bucket?: string;
  /** Absent in the names from before there were regions. */
  readonly region?: string;
  readonly website: boolean;
}

const regionName = "[a-z]{2}(?:-[a-z]+)+-\\d{1,2}";
const s3Host = new RegExp(
  `^(?:(?<bucket>.+)\\.)?s3(?<website>-website)?(?:\\.dualstack)?(?:[.-](?<region>${regionName}))?\\.amazonaws\\.com(?:\\.cn)?$`,
  "u",
);

function hostOf(url: URL): S3Host | undefined {
  const groups = s3Host.exec(url.hostname)?.groups;
  if (groups === undefined) return undefined;
  const { bucket, region, website } = groups;
  return {
    website: website !== undefined,
    ...defined({ bucket, region }),
  };
}

const pathStyle = ({ bucket, region }: S3Spec): string => `https://s3.${region}.amazonaws.com/${bucket}`;
const hostStyle = ({ bucket, region }: S3Spec): string => `https://${bucket}.s3.${region}.amazonaws.com`;

/** The form of URL that leads into the bucket without a front. */
function s3Url(spec: S3Spec): string {
  return spec.bucket.includes(".") ? pathStyle(spec) : hostStyle(spec);
}

function bucketProblem(spec: S3Spec, url: URL, host: S3Host): string | undefined {
  const named = host.bucket ?? url.pathname.split("/")[1] ?? "";
  if (named !== spec.bucket)
    return `${url.href} leads to the bucket ${named}, and s3.bucket is ${spec.bucket}`;
  if (host.bucket?.includes(".") !== true) return undefined;
  return `${url.hostname} has a certificate for *.s3.${spec.region}.amazonaws.com, which covers no bucket name with a dot in it`;
}

function hostProblem(spec: S3Spec, url: URL, host: S3Host): string | undefined {
  if (host.website) return `${url.hostname} is a website endpoint of S3, which speaks no HTTPS`;
  const wrong = bucketProblem(spec, url, host);
  if (wrong !== undefined) return wrong;
  if (host.region !== undefined && host.region !== spec.region)
    return `${url.hostname} is in ${host.region}, and s3.region is ${spec.region}`;
  // Names without a region are redirected to the region's, and AWS follows no redirect.
  if (host.region === undefined && spec.region !== "us-east-1")
    return `${url.hostname} names no region, so that a bucket in ${spec.region} may answer by a redirect`;
  return spec.prefix === ""
    ? undefined
    : `${url.hostname} is S3 itself, where nothing puts ${spec.prefix} before a path`;
}

function problemOf(spec: S3Spec, of: S3Problem["of"], text: string): S3Problem | undefined {
  const url = new URL(text);
  const host = hostOf(url);
  const message = host === undefined ? undefined : hostProblem(spec, url, host);
  if (message === undefined) return undefined;
  const direct = s3Url(spec);
  const better = of === "issuer" ? direct : `${direct}/openid/v1/jwks`;
  const next =
    spec.prefix !== "" && message.includes("nothing puts")
      ? "Leave prefix out: it is for a front such as CloudFront."
      : `Use ${better}, or any URL of a front (CloudFront, a CDN) that leads into the bucket.`;
  return { of, message, next };
}

function keyOf(spec: S3Spec, text: string): string {
  const url = new URL(text);
  const path = decodeURIComponent(url.pathname).slice(1);
  const host = hostOf(url);
  return host !== undefined && host.bucket === undefined
    ? path.slice(spec.bucket.length + 1)
    : spec.prefix + path;
}

/** Where the two documents go; throws `issuer-invalid` for an invalid issuer. */
export function s3Keys(spec: S3Spec): S3Keys {
  const { discoveryUrl, defaultJwksUri } = parseIssuer(spec.issuer);
  return { discovery: keyOf(spec, discoveryUrl), jwks: keyOf(spec, spec.jwksUri ?? defaultJwksUri) };
}

/** Why the issuer's URLs would not lead to the objects in the bucket. The URLs are legal. */
export function s3Problems(spec: S3Spec): readonly S3Problem[] {
  const { discoveryUrl } = parseIssuer(spec.issuer);
  const found = [problemOf(spec, "issuer", discoveryUrl)];
  if (spec.jwksUri !== undefined) found.push(problemOf(spec, "jwksUri", spec.jwksUri));
  const problems = found.filter((problem) => problem !== undefined);
  if (problems.length > 0) return problems;
  const keys = s3Keys(spec);
  if (keys.discovery !== keys.jwks) return [];
  const message = `${spec.jwksUri ?? ""} leads to the same object as the discovery document: ${keys.jwks}`;
  return [{ of: "jwksUri", message, next: "Give the JWK Set a path of its own, or leave jwksUri out." }];
}
