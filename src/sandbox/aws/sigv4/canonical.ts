import { createHash, createHmac } from "node:crypto";
import type { WireRequest } from "../wire/gate.ts";
import { percentEncoded } from "../wire/percent-encoding.ts";
import { type SignedAuthorization, queryPairs } from "./authorization.ts";

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

// Outside S3 the path is normalised and each segment is encoded once more than in the request line (AWS's test suite,
// get-slash-dot-slash and its like; botocore: "AWS services require consecutive slashes to be removed"). So one
// signature is valid for many paths, of which the server accepts only `/`.
function canonicalPath(target: string): string {
  const path = target.split("?", 1)[0] ?? "";
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "." && segment !== "") segments.push(segment);
  }
  const joined = `/${segments.map(percentEncoded).join("/")}`;
  return path.length > 1 && path.endsWith("/") && joined !== "/" ? `${joined}/` : joined;
}

function canonicalQuery(target: string, claimed: SignedAuthorization): string {
  const pairs = queryPairs(target)
    .filter(([name]) => claimed.in === "header" || name !== "X-Amz-Signature")
    .map(([name, value]) => [percentEncoded(name), percentEncoded(value)] as const);
  // By code point, which for encoded text is the order of UTF-16 units.
  const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
  return pairs
    .sort(([a, x], [b, y]) => order(a, b) || order(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function canonicalHeaders(request: WireRequest, names: readonly string[]): string {
  return names
    .map((name) => {
      const values = request.headers[name] ?? [];
      return `${name}:${values.map((value) => value.trim().replaceAll(/ +/gu, " ")).join(",")}\n`;
    })
    .join("");
}

/** The canonical request of AWS Signature Version 4 (IAM User Guide, "Create a signed AWS API request", step 1). */
function canonicalRequest(request: WireRequest, claimed: SignedAuthorization): string {
  return [
    request.method,
    canonicalPath(request.target),
    canonicalQuery(request.target, claimed),
    canonicalHeaders(request, claimed.signedHeaders),
    claimed.signedHeaders.join(";"),
    sha256(request.body),
  ].join("\n");
}

/** The signature that the holder of `secret` would have made, as bytes. */
export function expectedSignature(
  request: WireRequest,
  claimed: SignedAuthorization,
  secret: string,
): Buffer {
  const { date, region, service, end } = claimed.scope;
  const toSign = [
    "AWS4-HMAC-SHA256",
    claimed.date,
    [date, region, service, end].join("/"),
    sha256(canonicalRequest(request, claimed)),
  ].join("\n");
  const mac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();
  const key = [region, service, end].reduce(mac, mac(`AWS4${secret}`, date));
  return mac(key, toSign);
}
