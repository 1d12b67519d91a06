import type { Environment } from "../core/base/index.ts";
import type { Config } from "./config.ts";
import type { IssuerNaming } from "./sections/issuer-naming.ts";

// Loaded with the first config: the schemas are ten megabytes that a process which reads none, as the operator, goes without.
const loading = () => import("./load.ts");

/**
 * Reads a config from its text. Throws PodtrustError `config-invalid` with every mistake at once, in `message`
 * for a person and in `detail.problems` (ConfigProblem[]) for machines; and what `naming` throws where the issuer
 * has no name yet.
 */
export async function parseConfig(
  text: string,
  file: string,
  env: Environment,
  naming?: IssuerNaming,
): Promise<Config> {
  return (await loading()).parseConfig(text, file, env, naming);
}

/**
 * Loads a config file. Relative names in it are relative to its folder. Throws PodtrustError
 * `config-unreadable` (absent, not a file, over 256 KiB, not UTF-8), `config-invalid`, and what `naming` throws.
 */
export async function loadConfig(name: string, env: Environment, naming?: IssuerNaming): Promise<Config> {
  return (await loading()).loadConfig(name, env, naming);
}

/**
 * The config file's JSON Schema (draft 2020-12), for editors.
 *
 * @internal
 */
export async function configJsonSchema(): Promise<Record<string, unknown>> {
  return (await import("./json-schema.ts")).configJsonSchema();
}
