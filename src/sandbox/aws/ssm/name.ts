import { AwsError } from "../wire/index.ts";

const deepest = 15;
/** Of the whole ARN; AWS counts the 1011 characters of the name so that both fit. */
const longestName = 1011;

const nameRules =
  'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of ' +
  "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the " +
  "following 3 symbols .-_";
const pathRules =
  "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward " +
  'slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, ' +
  "or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All " +
  'sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.';

/** The region and account in which names are looked up. */
export interface Place {
  readonly region: string;
  readonly account: string;
}

/** The ARN of a parameter, or of a path, under its name: `/a/b` and `a` stand behind `parameter` with one slash. */
export function parameterArn(place: Place, name: string): string {
  const slash = name.startsWith("/") ? "" : "/";
  return `arn:aws:ssm:${place.region}:${place.account}:parameter${slash}${name}`;
}

/** The ARN that actions name which know no single parameter. */
export function anyResource(place: Place): string {
  return `arn:aws:ssm:${place.region}:${place.account}:*`;
}

/** A parameter as a reader names it. */
export interface Reference {
  readonly name: string;
  /** `3` or a label, without the colon. */
  readonly selector: string | undefined;
}

/** Reads `name`, `name:3`, or an ARN of this place with or without a selector. */
export function parseReference(place: Place, text: string): Reference {
  const prefix = `arn:aws:ssm:${place.region}:${place.account}:parameter/`;
  // The ARNs of `a` and `/a` are one and the same; a name with more levels always begins with a slash.
  const local = text.startsWith(prefix) ? text.slice(prefix.length - 1) : text;
  const shallow = text.startsWith(prefix) && !local.slice(1).includes("/") ? local.slice(1) : local;
  if (shallow.startsWith("arn:")) return { name: shallow, selector: undefined };
  const colon = shallow.indexOf(":");
  if (colon === -1) return { name: shallow, selector: undefined };
  return { name: shallow.slice(0, colon), selector: shallow.slice(colon + 1) };
}

function reservedProblem(name: string): AwsError | undefined {
  const bare = name.replace(/^\//u, "");
  const lower = bare.toLowerCase();
  const isPath = bare.includes("/");
  if (lower.startsWith("aws") && isPath) {
    return new AwsError("AccessDeniedException", `No access to reserved parameter name: ${bare}.`);
  }
  if (!lower.startsWith("aws") && !lower.startsWith("ssm")) return undefined;
  const flat = 'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).';
  return new AwsError("ValidationException", isPath ? nameRules : flat);
}

/** Refuses a name that PutParameter does not take. */
export function checkName(name: string): void {
  const reserved = reservedProblem(name);
  if (reserved !== undefined) throw reserved;
  if (name.includes("/") && !name.startsWith("/")) {
    throw new AwsError("ValidationException", "Parameter name must be a fully qualified name.");
  }
  if (!/^(?:[\w.-]+|(?:\/[\w.-]+)+)$/u.test(name) || name.length > longestName) {
    throw new AwsError("ValidationException", nameRules);
  }
  if (name.split("/").length - 1 > deepest) {
    const text = `The hierarchy of ${name} is deeper than ${deepest} levels.`;
    throw new AwsError("HierarchyLevelLimitExceededException", text);
  }
}

/** Refuses a path that GetParametersByPath does not take. */
export function checkPath(path: string): void {
  // Each slash ends a name or nothing: one way to read a path, so that no path takes long to refuse.
  if (!/^\/(?:[\w.-]+\/)*[\w.-]*$/u.test(path)) throw new AwsError("ValidationException", pathRules);
}

/** Whether a parameter stands below a path: directly, or with `recursive` at any level. */
export function isBelow(path: string, name: string, recursive: boolean): boolean {
  // Names without a slash count as children of the root.
  const full = name.startsWith("/") ? name : `/${name}`;
  const base = path.endsWith("/") ? path : `${path}/`;
  if (!full.startsWith(base)) return false;
  return recursive || !full.slice(base.length).includes("/");
}
