import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import type { CommandContext } from "./context.ts";

/** Set by the bundler, for a program that has no package around it. */
declare const podtrustVersion: string | undefined;

/** The version of the package that this code was installed from, or was built of. */
export function packageVersion(): string {
  if (typeof podtrustVersion === "string") return podtrustVersion;
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** `podtrust version`: the same as `--version`. */
export function defineVersion(program: Command, context: CommandContext): void {
  program
    .command("version")
    .description("print the version")
    .action(() => {
      const version = packageVersion();
      context.output.line(version);
      context.output.result({ version });
    });
}

/** Where the guides are that came with the package. */
export function guidesFolder(): string {
  return fileURLToPath(new URL("../../docs/guides", import.meta.url));
}

/** Where `npm run release` puts the publisher's programs. */
export function releaseFolder(): string {
  return fileURLToPath(new URL("../../release", import.meta.url));
}
