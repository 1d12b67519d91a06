import { recordOf } from "../../core/base/index.ts";
import { secretKind, secretName } from "../../core/credentials/index.ts";
import type { ConfigDocument } from "./document.ts";
import { type ConfigProblem, keyText, type KeyPath } from "./problem.ts";

function leaves(value: unknown, path: KeyPath): readonly { path: KeyPath; text: string }[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, [...path, index]));
  return Object.entries(recordOf(value)).flatMap(([key, item]) => leaves(item, [...path, key]));
}

/**
 * Secrets that stand in the file, by the shape of a value or by the name of its key. The secret itself is never
 * part of the problem.
 */
export function secretProblems(document: ConfigDocument): readonly ConfigProblem[] {
  return leaves(document.value, []).flatMap(({ path, text }) => {
    const kind = secretKind(text);
    const name = path.at(-1);
    // Policies and tags are full of such words, and are public to every reader of IAM.
    const named =
      typeof name === "string" && secretName(name) && !path.some((key) => key === "inline" || key === "tags");
    if (kind === undefined && !named) return [];
    const message =
      kind === undefined
        ? "looks by its name like a secret, and no secret may stand in this file"
        : `looks like ${kind}, and no secret may stand in this file`;
    const accepted = "the name of a file that holds it, where a key for one exists; or the environment";
    return [{ key: keyText(path), ...document.positionOf(path), message, accepted }];
  });
}
