import { stat } from "node:fs/promises";
import { errorText, PodtrustError, recordOf, type Environment } from "../../core/base/index.ts";
import { readBoundedText } from "../../core/files/index.ts";
import type { ConfigDocument } from "../mistakes/document.ts";
import { absolutePath } from "../paths.ts";
import { type ConfigProblem, keyText, type KeyPath } from "../mistakes/problem.ts";
import { valueAt } from "../mistakes/rule.ts";

// IAM takes at most 10,240 characters of inline policies per role; white space does not count there.
const maxPolicy = 64 * 1024;

interface InlinePolicy {
  readonly path: KeyPath;
  readonly value: unknown;
}

/** What is wrong with inline policies, and the text of the files that they name. */
export interface InlinePolicies {
  readonly problems: readonly ConfigProblem[];
  readonly files: ReadonlyMap<string, string>;
}

function entriesAt(root: unknown, path: KeyPath): readonly (readonly [string | number, unknown])[] {
  const value = valueAt(root, path);
  if (Array.isArray(value)) return [...value.entries()];
  return Object.entries(recordOf(value));
}

function inlinePolicies(root: unknown): readonly InlinePolicy[] {
  return entriesAt(root, ["aws"]).flatMap(([account]) =>
    entriesAt(root, ["aws", account, "roles"]).flatMap(([role]) => {
      const path: KeyPath = ["aws", account, "roles", role, "inline"];
      return entriesAt(root, path).map(([name, value]) => ({ path: [...path, name], value }));
    }),
  );
}

async function textOf(file: string): Promise<string> {
  if (!(await stat(file)).isFile()) throw new Error("it is not a file");
  return readBoundedText(file, maxPolicy);
}

async function policyProblem(text: string): Promise<string | undefined> {
  const { parsePolicy } = await import("../../rules/trust/index.ts");
  try {
    parsePolicy(text, "identity");
    return undefined;
  } catch (error) {
    if (error instanceof PodtrustError) return error.message;
    throw error;
  }
}

/** Reads the files of inline policies and parses every policy as IAM would. */
export async function readInlinePolicies(
  document: ConfigDocument,
  configFile: string,
  env: Environment,
): Promise<InlinePolicies> {
  const problems: ConfigProblem[] = [];
  const files = new Map<string, string>();
  for (const { path, value } of inlinePolicies(document.value)) {
    const where = { key: keyText(path), ...document.positionOf(path) };
    const name = valueAt(value, ["file"]);
    let text: string | undefined;
    if (typeof name === "string" && name !== "" && !name.includes("\0")) {
      const place = absolutePath(name, configFile, env);
      try {
        text = files.get(place) ?? (await textOf(place));
        files.set(place, text);
      } catch (error) {
        problems.push({ ...where, message: `${name} cannot be read: ${errorText(error)}` });
      }
    } else if (valueAt(value, ["Statement"]) !== undefined) text = JSON.stringify(value);
    const wrong = text === undefined ? undefined : await policyProblem(text);
    if (wrong !== undefined) problems.push({ ...where, message: `is no policy that IAM takes: ${wrong}` });
  }
  return { problems, files };
}
