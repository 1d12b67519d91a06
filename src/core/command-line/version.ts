import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Set by the bundler, for a program that has no package around it. */
declare const podtrustVersion: string | undefined;

/** The folder of the package that this code was installed from; undefined in a program that has none around it. */
export function packageFolder(): string | undefined {
  if (typeof podtrustVersion === "string") return undefined;
  return fileURLToPath(new URL("../../..", import.meta.url));
}

/** The version of the package that this code was installed from, or was built of. */
export function packageVersion(): string {
  if (typeof podtrustVersion === "string") return podtrustVersion;
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Where `npm run release` puts the publisher's programs: beside a program without a package, they are beside itself. */
export function releaseFolder(): string {
  const folder = packageFolder();
  return folder === undefined ? fileURLToPath(new URL(".", import.meta.url)) : join(folder, "dist-release");
}
