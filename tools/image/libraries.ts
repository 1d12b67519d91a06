import { execFileSync } from "node:child_process";

/** The shared libraries that programs and modules are loaded with, the loader among them, as `ldd` finds them here. */
export function librariesOf(...programs: readonly string[]): readonly string[] {
  const listed = execFileSync("ldd", programs, { encoding: "utf8" });
  const missing = /^\s*(\S+) => not found$/mu.exec(listed);
  if (missing !== null) throw new Error(`${programs.join(", ")}: one wants ${missing[1]}, which is not here`);
  const paths = [...listed.matchAll(/(?:^|=>)\s*(\/\S+) \(0x/gmu)].map((found) => found[1] ?? "");
  return [...new Set(paths)].sort();
}
