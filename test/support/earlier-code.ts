/** podtrust as it was at a commit, run from a folder of its own. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Why the code of a commit is not at hand; undefined where it is. */
export function whyNoCommit(commit: string): string | undefined {
  try {
    execFileSync("git", ["cat-file", "-e", `${commit}^{commit}`], { stdio: "ignore" });
    return undefined;
  } catch {
    return `this checkout has no commit ${commit}: git fetch --unshallow`;
  }
}

/** A folder with files of a commit, beside today's packages. */
export interface EarlierCode {
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

/** Unpacks these paths of a commit; package.json is always there. */
export async function unpackEarlier(commit: string, paths: readonly string[]): Promise<EarlierCode> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-earlier-"));
  const archive = execFileSync("git", ["archive", commit, ...paths, "package.json"], {
    maxBuffer: 256 * 1024 * 1024,
  });
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
