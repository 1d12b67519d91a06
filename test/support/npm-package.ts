import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { installedOnce } from "./installed-once.ts";
import { type ProgramRun, runProgram } from "./python-venv.ts";

/** A package of the npm registry in a folder of its own below .cache/: one that is too large to be a dependency. */
export interface NpmPackage {
  /** Installs it where it is not there; says why it cannot be had, else undefined. */
  readonly missing: () => Promise<string | undefined>;
  /** Writes a module that may import it, and gives its file. */
  readonly write: (script: string) => Promise<string>;
  /** Runs such a module. */
  readonly run: (script: string, env: Readonly<Record<string, string>>) => Promise<ProgramRun>;
}

export function npmPackage(name: string, version: string): NpmPackage {
  const folder = fileURLToPath(new URL(`../../.cache/npm-${name}-${version}`, import.meta.url));
  const write = async (script: string): Promise<string> => {
    const file = join(folder, `script-${process.pid}.mjs`);
    await writeFile(file, script);
    return file;
  };
  return {
    missing: () =>
      installedOnce(folder, version, async () => {
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, "package.json"), '{"private":true,"type":"module"}\n');
        const env = { ...process.env } as Record<string, string>;
        const install = ["install", "--prefix", folder, "--no-audit", "--no-fund", `${name}@${version}`];
        const { code, err } = await runProgram("npm", install, env);
        return code === 0 ? undefined : `npm install ${name}@${version}: ${err.trim().slice(-300)}`;
      }),
    write,
    run: async (script, env) => runProgram(process.execPath, [await write(script)], env),
  };
}
