import { AwsError } from "./error.ts";
import type { Raw, RawRecord } from "./value.ts";

/** No AWS operation known here needs more parameters than this. */
const maxPairs = 2000;
const deepest = 8;

interface Node {
  value: string | undefined;
  readonly children: Map<string, Node>;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    throw new AwsError("MalformedInput", "Invalid percent encoding in the request's parameters", {
      rule: "request-well-formed",
      cause,
    });
  }
}

/** The pairs of a form or a query string, decoded. */
export function formPairs(text: string): [string, string][] {
  const parts = text.split("&").filter((part) => part !== "");
  if (parts.length > maxPairs) {
    throw new AwsError("MalformedInput", `More than ${maxPairs} parameters`, {
      rule: "request-well-formed",
    });
  }
  return parts.map((part) => {
    const equals = part.indexOf("=");
    return equals === -1
      ? [decode(part), ""]
      : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
  });
}

function put(root: Node, key: string, value: string): void {
  const steps = key.split(".");
  if (steps.length > deepest) {
    throw new AwsError("MalformedInput", `Parameters nested deeper than ${deepest}`, {
      rule: "request-well-formed",
    });
  }
  let node = root;
  for (const step of steps) {
    let child = node.children.get(step);
    if (child === undefined) {
      child = { value: undefined, children: new Map() };
      node.children.set(step, child);
    }
    node = child;
  }
  node.value = value;
}

function listOf(node: Node): readonly Raw[] | undefined {
  const [only] = node.children.size === 1 ? [...node.children.entries()] : [];
  if (only === undefined || (only[0] !== "member" && only[0] !== "entry")) return undefined;
  const items = [...only[1].children.entries()];
  if (items.length === 0 || !items.every(([index]) => /^[1-9]\d{0,5}$/u.test(index))) return undefined;
  return items.sort(([a], [b]) => Number(a) - Number(b)).map(([, item]) => rawOf(item));
}

function rawOf(node: Node): Raw {
  if (node.children.size === 0) return node.value ?? "";
  return listOf(node) ?? recordOf(node);
}

function recordOf(node: Node): RawRecord {
  // Object.fromEntries defines properties, so that `__proto__` is a name like any other.
  return Object.fromEntries([...node.children.entries()].map(([name, child]) => [name, rawOf(child)]));
}

/** The parameters of the query protocol as lists (`Tags.member.1`) and structures (`Tags.member.1.Key`). */
export function formParams(pairs: readonly (readonly [string, string])[]): RawRecord {
  const root: Node = { value: undefined, children: new Map() };
  for (const [key, value] of pairs) put(root, key, value);
  return recordOf(root);
}
