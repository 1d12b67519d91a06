/** What an ARN of IAM's own names; the account's root has no slash. */
const iamPaths = [
  "user/",
  "federated-user/",
  "role/",
  "group/",
  "instance-profile/",
  "mfa/",
  "server-certificate/",
  "policy/",
  "sms-mfa/",
  "saml-provider/",
  "oidc-provider/",
  "report/",
  "access-report/",
];

function iamFault(resource: string, region: string, rest: string): string | undefined {
  if (region !== "") return `IAM resource ${resource} cannot contain region information.`;
  if (rest === "*" || rest === "root" || iamPaths.some((path) => rest.startsWith(path))) return undefined;
  return `IAM resource path must either be "*", root, or start with ${iamPaths.join(", ")}.`;
}

// A bucket belongs to no region and names no account; access points, jobs and the like have both.
function bucketFault(resource: string, region: string, account: string): string | undefined {
  return region === "" || account !== ""
    ? undefined
    : `Resource ${resource} can not contain region information.`;
}

function partitionFault(partition: string, parts: readonly string[]): string {
  const [service = "*", region = "*", account = "*", ...rest] = parts;
  const tail = rest.length === 0 ? "*" : rest.join(":");
  return `Partition "${partition}" is not valid for resource "arn:${partition}:${service}:${region}:${account}:${tail}".`;
}

function serviceFault(resource: string, parts: readonly string[]): string | undefined {
  const [service, region = "", account = "", ...rest] = parts;
  if (service === undefined || (/[*?]/u.test(service) && service !== "*")) {
    return "Resource vendor must be fully qualified and cannot contain regexes.";
  }
  if (service === "iam") return iamFault(resource, region, rest.join(":"));
  return service === "s3" ? bucketFault(resource, region, account) : undefined;
}

/**
 * What IAM says of a Resource that it does not take; undefined for one that it takes. Texts as AWS gave them
 * (github.com/getmoto/moto, pull request 2269, each case asked of AWS), that of the path as AWS gave it in 2026.
 *
 * @param own the partition of the account that keeps the policy, the only one that counts; undefined: any of AWS's
 */
export function resourceFault(resource: string, own: string | undefined): string | undefined {
  if (resource === "*") return undefined;
  const [prefix, partition, ...parts] = resource.split(":");
  if (partition === undefined) return `Resource ${resource} must be in ARN format or "*".`;
  const known = own === undefined ? /^aws[a-z-]*$/u.test(partition) : partition === own;
  if (partition !== "*" && !known) return partitionFault(partition, parts);
  return prefix === "arn"
    ? serviceFault(resource, parts)
    : `Resource ${resource} must be in ARN format or "*".`;
}

/** Whether IAM's older parser fails on a Resource: an ARN without a service, or with a part too few. */
export function failsLegacyParsing(resource: string): boolean {
  if (resource === "*") return false;
  const parts = resource.split(":");
  return parts[2] === "" || (parts.length < 6 && resource.includes("::"));
}
