import { readYaml, type YamlDocument } from "../../core/yaml/index.ts";
import type { ConfigProblem } from "./problem.ts";

/**
 * A config of a thousand roles comes to a third of this. A larger file is no real config, and would take too long to
 * read.
 */
const bounds = { bytes: 256 * 1024, depth: 40, tokens: 150_000 } as const;

/** A file larger than this is not read, in bytes. */
export const maxConfig: number = bounds.bytes;

/** A parsed config file: its plain values, and where each of them stands. */
export type ConfigDocument = YamlDocument;

/** Reads a config's YAML; gives either the document or everything that is wrong with its syntax. */
export function parseConfigText(
  text: string,
): ConfigDocument | { readonly problems: readonly ConfigProblem[] } {
  const read = readYaml(text, bounds);
  return "problems" in read ? { problems: read.problems.map((problem) => ({ key: "", ...problem })) } : read;
}
