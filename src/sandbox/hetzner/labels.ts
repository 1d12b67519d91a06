import { HetznerApiError, invalidInput } from "./api-error.ts";
import type { Labels } from "./types.ts";

const namePart = /^[a-z0-9A-Z](?:[a-z0-9A-Z_.-]{0,61}[a-z0-9A-Z])?$/u;
const subdomain = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/u;

function keyFault(key: string): string | undefined {
  const slash = key.indexOf("/");
  const [prefix, name] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
  if (!namePart.test(name)) return `key '${key}' is invalid`;
  if (prefix === undefined) return undefined;
  if (prefix === "hetzner.cloud") return `key '${key}' uses the reserved prefix hetzner.cloud/`;
  return prefix.length <= 253 && subdomain.test(prefix) ? undefined : `prefix of key '${key}' is invalid`;
}

/** Labels of a request's body. Throws 422 `invalid_input` for keys and values that the API does not accept. */
export function labelsOf(value: unknown): Labels {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidInput([{ name: "labels", messages: ["labels are an object of texts"] }]);
  }
  const messages: string[] = [];
  for (const [key, text] of Object.entries(value)) {
    const fault = keyFault(key);
    if (fault !== undefined) messages.push(fault);
    if (typeof text !== "string" || (text !== "" && !namePart.test(text))) {
      messages.push(`value of '${key}' is invalid`);
    }
  }
  if (messages.length > 0) throw invalidInput([{ name: "labels", messages }]);
  return { ...(value as Record<string, string>) };
}

type Test = (labels: Labels) => boolean;

/** Splits at commas outside parentheses. */
function requirements(selector: string): readonly string[] {
  const parts: string[] = [];
  let [depth, start] = [0, 0];
  for (let at = 0; at < selector.length; at += 1) {
    const character = selector[at];
    if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    else if (character === "," && depth === 0) {
      parts.push(selector.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, selector.slice(start)].map((part) => part.trim());
}

function listTest(text: string): Test | undefined {
  const open = text.indexOf("(");
  if (open < 0 || !text.endsWith(")")) return undefined;
  const [key = "", word, ...rest] = text.slice(0, open).trim().split(/\s+/u);
  if (rest.length > 0 || (word !== "in" && word !== "notin")) return undefined;
  const values = text
    .slice(open + 1, -1)
    .split(",")
    .map((value) => value.trim());
  return word === "in"
    ? (labels) => values.includes(labels[key] ?? "\0")
    : (labels) => !values.includes(labels[key] ?? "\0");
}

function requirement(text: string): Test {
  const list = listTest(text);
  if (list !== undefined) return list;
  for (const [operator, wanted] of [
    ["!=", false],
    ["==", true],
    ["=", true],
  ] as const) {
    const at = text.indexOf(operator);
    if (at <= 0) continue;
    const [key, value] = [text.slice(0, at).trim(), text.slice(at + operator.length).trim()];
    // As in Kubernetes, `!=` also matches those without the key.
    return (labels) => (labels[key] === value) === wanted;
  }
  const negated = text.startsWith("!");
  const key = negated ? text.slice(1).trim() : text;
  if (keyFault(key) !== undefined) throw new HetznerApiError(422, "invalid_input", "invalid label_selector");
  return (labels) => Object.hasOwn(labels, key) !== negated;
}

/** A label selector as a predicate. Throws 422 `invalid_input` for an invalid one. */
export function selectorTest(selector: string): Test {
  const tests = requirements(selector).map(requirement);
  return (labels) => tests.every((test) => test(labels));
}
