import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanAwsEnvironment, type ProgramRun, pythonVenv, runProgram } from "./python-venv.ts";

export const awsCliVenv = pythonVenv("awscli", "1.46.3");

/** Installs the AWS CLI from PyPI into .cache/ where it is not there; says why it cannot be had, else undefined. */
export const awsCliMissing = (): Promise<string | undefined> => awsCliVenv.missing();

/** Runs `aws ARGS` with nothing of this machine's own AWS configuration, and a home for what it keeps of sessions. */
export async function aws(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ProgramRun> {
  const home = await mkdtemp(join(tmpdir(), "podtrust-aws-home-"));
  try {
    const own = cleanAwsEnvironment({ HOME: home, AWS_DEFAULT_REGION: "eu-central-1", ...env });
    return await runProgram(awsCliVenv.program("aws"), args, own);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
