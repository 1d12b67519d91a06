import { AwsError } from "../wire/error.ts";

const deepest = 15;
/** Of the whole ARN; AWS counts the 1011 characters of the name so that both fit. */
const maxName = 1011;

const nameRules =
  'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of ' +
  "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the " +
  "following 3 symbols .-_";
const pathRules =
  "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward " +
  'slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, ' +
  "or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All " +
  'sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.';

/** The region and account that names are looked up in. */
export interface ParameterScope {
  readonly region: string;
  readonly account: string;
}

/** The ARN of a parameter, or of a path: `/a/b` and `a` follow `parameter` with one slash. */
export function parameterArn(scope: ParameterScope, name: string): string {
  const slash = name.startsWith("/") ? "" : "/";
  return `arn:aws:ssm:${scope.region}:${scope.account}:parameter${slash}${name}`;
}

/** The ARN for actions without a single parameter. */
export function anyResource(scope: ParameterScope): string {
  return `arn:aws:ssm:${scope.region}:${scope.account}:*`;
}

/**
 * Identifies a parameter within its region: `p` and `/p` are one and the same (Systems Manager User Guide,
 * "Requirements and constraints for parameter names").
 */
export function nameKey(name: string): string {
  return /^\/[^/]*$/u.test(name) ? name.slice(1) : name;
}

/** A parameter as a caller names it. */
export interface Reference {
  readonly name: string;
  /** `3` or a label, without the colon. */
  readonly selector: string | undefined;
  /** True for a plain name, which answers then repeat; false for an ARN. */
  readonly byName: boolean;
}

function split(text: string, byName: boolean): Reference {
  const colon = text.indexOf(":");
  if (colon === -1) return { name: text, selector: undefined, byName };
  return { name: text.slice(0, colon), selector: text.slice(colon + 1), byName };
}

/** Reads `name`, `name:3`, or an ARN of this place with or without a selector. */
export function parseReference(scope: ParameterScope, text: string): Reference {
  const prefix = `arn:aws:ssm:${scope.region}:${scope.account}:parameter/`;
  if (text.startsWith(prefix)) return split(text.slice(prefix.length - 1), false);
  return text.startsWith("arn:") ? { name: text, selector: undefined, byName: false } : split(text, true);
}

/**
 * Refuses names reserved for AWS (asked of AWS: aws-solutions/quota-monitor-for-aws, issue 30;
 * awslabs/aws-deployment-framework, issue 119).
 */
export function checkReserved(name: string): void {
  const bare = name.replace(/^\//u, "");
  if (!/^aws/iu.test(bare)) return;
  throw new AwsError("AccessDeniedException", `No access to reserved parameter name: ${bare}.`);
}

function checkForm(name: string): void {
  if (/^(?:[\w.-]+|(?:\/[\w.-]+)+)$/u.test(name) && name.length <= maxName) return;
  throw new AwsError("ValidationException", nameRules);
}

const secrets = "/aws/reference/secretsmanager/";

/** Whether a name refers to a secret of Secrets Manager, which the sandbox does not have. */
export function isSecretReference({ name }: Reference): boolean {
  return name.startsWith(secrets);
}

/** Refuses a name that GetParameter does not accept (LocalStack's tests, run on AWS: `a/b/c`, `/a//b//c`). */
export function checkReadable({ name, byName }: Reference): void {
  if (byName) checkForm(name);
}

/** Refuses a name that PutParameter does not accept. */
export function checkName(name: string): void {
  checkReserved(name);
  if (/^\/?ssm/iu.test(name)) {
    const flat = 'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).';
    throw new AwsError("ValidationException", name.slice(1).includes("/") ? nameRules : flat);
  }
  if (name.includes("/") && !name.startsWith("/")) {
    throw new AwsError("ValidationException", "Parameter name must be a fully qualified name.");
  }
  checkForm(name);
  if (name.split("/").length - 1 > deepest) {
    const text = `The hierarchy of ${name} is deeper than ${deepest} levels.`;
    throw new AwsError("HierarchyLevelLimitExceededException", text);
  }
}

/** Refuses a path that GetParametersByPath does not accept. */
export function checkPath(path: string): void {
  // Each slash ends a name or nothing: a path parses in one way only, so refusing one is fast.
  if (!/^\/(?:[\w.-]+\/)*[\w.-]*$/u.test(path)) throw new AwsError("ValidationException", pathRules);
}

/** The name with its leading slash, which one-level names may omit. */
export function rooted(name: string): string {
  return name.startsWith("/") ? name : `/${name}`;
}

/** Whether a parameter is below a path: directly, or with `recursive` at any level. */
export function isBelow(path: string, name: string, recursive: boolean): boolean {
  const full = rooted(name);
  const base = path.endsWith("/") ? path : `${path}/`;
  if (!full.startsWith(base)) return false;
  return recursive || !full.slice(base.length).includes("/");
}
