import { defined } from "../../core/base/index.ts";
import { parseIssuer } from "../../rules/oidc/index.ts";

/** What decides where in a bucket the documents lie. */
export interface S3Wish {
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

/** What stands between a URL and the object it is meant to lead to. */
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

const pathStyle = ({ bucket, region }: S3Wish): string => `https://s3.${region}.amazonaws.com/${bucket}`;
const hostStyle = ({ bucket, region }: S3Wish): string => `https://${bucket}.s3.${region}.amazonaws.com`;

/** The form of URL that leads into the bucket without a front. */
function s3Url(wish: S3Wish): string {
  return wish.bucket.includes(".") ? pathStyle(wish) : hostStyle(wish);
}

function bucketProblem(wish: S3Wish, url: URL, host: S3Host): string | undefined {
  const named = host.bucket ?? url.pathname.split("/")[1] ?? "";
  if (named !== wish.bucket)
    return `${url.href} leads to the bucket ${named}, and s3.bucket is ${wish.bucket}`;
  if (host.bucket?.includes(".") !== true) return undefined;
  return `${url.hostname} has a certificate for *.s3.${wish.region}.amazonaws.com, which covers no bucket name with a dot in it`;
}

function hostProblem(wish: S3Wish, url: URL, host: S3Host): string | undefined {
  if (host.website) return `${url.hostname} is a website endpoint of S3, which speaks no HTTPS`;
  const wrong = bucketProblem(wish, url, host);
  if (wrong !== undefined) return wrong;
  if (host.region !== undefined && host.region !== wish.region)
    return `${url.hostname} is in ${host.region}, and s3.region is ${wish.region}`;
  // Names without a region are redirected to the region's, and AWS follows no redirect.
  if (host.region === undefined && wish.region !== "us-east-1")
    return `${url.hostname} names no region, so that a bucket in ${wish.region} may answer by a redirect`;
  return wish.prefix === ""
    ? undefined
    : `${url.hostname} is S3 itself, where nothing puts ${wish.prefix} before a path`;
}

function problemOf(wish: S3Wish, of: S3Problem["of"], text: string): S3Problem | undefined {
  const url = new URL(text);
  const host = hostOf(url);
  const message = host === undefined ? undefined : hostProblem(wish, url, host);
  if (message === undefined) return undefined;
  const direct = s3Url(wish);
  const better = of === "issuer" ? direct : `${direct}/openid/v1/jwks`;
  const next =
    wish.prefix !== "" && message.includes("nothing puts")
      ? "Leave prefix out: it is for a front such as CloudFront."
      : `Use ${better}, or any URL of a front (CloudFront, a CDN) that leads into the bucket.`;
  return { of, message, next };
}

function keyOf(wish: S3Wish, text: string): string {
  const url = new URL(text);
  const path = decodeURIComponent(url.pathname).slice(1);
  const host = hostOf(url);
  return host !== undefined && host.bucket === undefined
    ? path.slice(wish.bucket.length + 1)
    : wish.prefix + path;
}

/** Where the two documents go; throws `issuer-invalid` for an issuer that is none. */
export function s3Keys(wish: S3Wish): S3Keys {
  const { discoveryUrl, defaultJwksUri } = parseIssuer(wish.issuer);
  return { discovery: keyOf(wish, discoveryUrl), jwks: keyOf(wish, wish.jwksUri ?? defaultJwksUri) };
}

/** Why the issuer's URLs would not lead to the objects in the bucket. The URLs are legal. */
export function s3Problems(wish: S3Wish): readonly S3Problem[] {
  const { discoveryUrl } = parseIssuer(wish.issuer);
  const found = [problemOf(wish, "issuer", discoveryUrl)];
  if (wish.jwksUri !== undefined) found.push(problemOf(wish, "jwksUri", wish.jwksUri));
  const problems = found.filter((problem) => problem !== undefined);
  if (problems.length > 0) return problems;
  const keys = s3Keys(wish);
  if (keys.discovery !== keys.jwks) return [];
  const message = `${wish.jwksUri ?? ""} leads to the same object as the discovery document: ${keys.jwks}`;
  return [{ of: "jwksUri", message, next: "Give the JWK Set a path of its own, or leave jwksUri out." }];
}
