import { execFileSync } from "node:child_process";

/** The shared libraries that a program is loaded with, the loader among them, as `ldd` finds them here. */
export function librariesOf(program: string): readonly string[] {
  const listed = execFileSync("ldd", [program], { encoding: "utf8" });
  const missing = /^\s*(\S+) => not found$/mu.exec(listed);
  if (missing !== null) throw new Error(`${program} wants ${missing[1]}, which is not here`);
  const paths = [...listed.matchAll(/(?:^|=>)\s*(\/\S+) \(0x/gmu)].map((found) => found[1] ?? "");
  return [...new Set(paths)].sort();
}
