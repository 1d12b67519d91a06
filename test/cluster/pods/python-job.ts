import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cleanAwsEnvironment, type PythonVenv, runProgram } from "../../support/python-venv.ts";
import { type TokenJob, tokenJob } from "./token-job.ts";

/** Where these pods may write. */
export const home = "/tmp";

/** The folders without which a program of this venv does not run: itself, its interpreter's, and the C libraries. */
export async function foldersOf(venv: PythonVenv): Promise<readonly string[]> {
  const asked = ["-c", "import sys; print(sys.base_prefix)"];
  const { code, out, err } = await runProgram(venv.program("python"), asked, cleanAwsEnvironment({}));
  assert.equal(code, 0, err);
  const folders = [out.trim(), "/lib", "/lib64", venv.folder];
  return [...new Set(folders)].filter((folder) => existsSync(folder));
}

/** A Job in whose pod a program of the machine's Python runs, in an environment of this test alone. */
export function pythonJob(job: TokenJob): string {
  const environment = { ...cleanAwsEnvironment({}), HOME: home, ...job.environment };
  return tokenJob({ writable: home, ...job, environment });
}
