import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Set by the bundler, for a program that has no package around it. */
declare const podtrustVersion: string | undefined;

/** The version of the package that this code was installed from, or was built of. */
export function packageVersion(): string {
  if (typeof podtrustVersion === "string") return podtrustVersion;
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Where `npm run release` puts the publisher's programs. */
export function releaseFolder(): string {
  return fileURLToPath(new URL("../../release", import.meta.url));
}
