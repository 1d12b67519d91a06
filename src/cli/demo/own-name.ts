import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { shellWord } from "../../core/base/index.ts";
import type { CommandContext } from "../context.ts";

/** Only npm puts these before the PATH of what it starts. */
const ofNpm = /node_modules[\\/]\.bin[\\/]?$/u;

/**
 * The line that defines this very program as `podtrust` in another shell: undefined if its PATH has one
 * already. From a checkout, and by npx, there is none.
 */
export function definingPodtrust({
  program,
  env,
}: Pick<CommandContext, "program" | "env">): string | undefined {
  const folders = (env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "" && !ofNpm.test(folder));
  if (folders.some((folder) => existsSync(join(folder, "podtrust")))) return undefined;
  return `podtrust() { ${program.map(shellWord).join(" ")} "$@"; }`;
}
