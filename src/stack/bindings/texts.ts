import { isRecord, PodtrustError } from "../../base/index.ts";
import { type Binding, kindOf, type Read, readBinding, readTrust, type Trust } from "../../bindings/index.ts";
import { readYaml } from "../../yaml/index.ts";

const bounds = { bytes: 256 * 1024, depth: 40, tokens: 150_000 } as const;

/** A file larger than this holds no binding, in bytes. */
export const largestBindingFile: number = bounds.bytes;

const mostTold = 50;

/** A file, and what is in it. */
export interface BindingText {
  readonly file: string;
  readonly text: string;
}

interface Found {
  readonly file: string;
  readonly value: unknown;
}

function objectsOf({ file, text }: BindingText, problems: string[]): readonly Found[] {
  const read = readYaml(text, bounds);
  if ("problems" in read) {
    problems.push(...read.problems.map(({ line, message }) => `${file}:${line}: ${message}`));
    return [];
  }
  const { value } = read;
  const items: unknown = isRecord(value) && value["kind"] === "List" ? value["items"] : undefined;
  const values: readonly unknown[] = Array.isArray(items) ? items : [value];
  return values.map((one) => ({ file, value: one }));
}

function all<T>(
  found: readonly Found[],
  read: (value: unknown) => Read<T>,
  problems: string[],
): readonly T[] {
  return found.flatMap(({ file, value }) => {
    const one = read(value);
    if ("object" in one) return [one.object];
    problems.push(...one.problems.map(({ path, message }) => `${file}: ${path} ${message}`));
    return [];
  });
}

/**
 * Reads bindings and trusts from YAML, one object or one List in each text; objects of other kinds are left. Throws
 * `binding-invalid` with every mistake at once.
 */
export function readBindingTexts(texts: readonly BindingText[]): {
  readonly bindings: readonly Binding[];
  readonly trusts: readonly Trust[];
} {
  const problems: string[] = [];
  const found = texts.flatMap((one) => objectsOf(one, problems));
  const of = (kind: string): readonly Found[] => found.filter(({ value }) => kindOf(value) === kind);
  const bindings = all(of("AWSRoleBinding"), readBinding, problems);
  const trusts = all(of("AWSTrust"), readTrust, problems);
  const names = [
    ...bindings.map(({ namespace, name }) => `AWSRoleBinding ${namespace}/${name}`),
    ...trusts.map(({ name }) => `AWSTrust ${name}`),
  ];
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  problems.push(...[...twice].map((name) => `${name} stands in more than one file`));
  if (problems.length === 0) return { bindings, trusts };
  const told = problems.slice(0, mostTold);
  throw new PodtrustError(
    "binding-invalid",
    `bindings have mistakes:${told.map((one) => `\n  ${one}`).join("")}`,
    { detail: { problems: told } },
  );
}
