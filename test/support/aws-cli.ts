import { cleanAwsEnvironment, type ProgramRun, pythonVenv, runProgram } from "./python-venv.ts";

export const awsCliVenv = pythonVenv("awscli", "1.46.3");

/** Installs the AWS CLI from PyPI into .cache/ where it is not there; says why it cannot be had, else undefined. */
export const awsCliMissing = (): Promise<string | undefined> => awsCliVenv.missing();

/** Runs `aws ARGS` with nothing of this machine's own AWS configuration. */
export function aws(args: readonly string[], env: Readonly<Record<string, string>>): Promise<ProgramRun> {
  return runProgram(
    awsCliVenv.program("aws"),
    args,
    cleanAwsEnvironment({ AWS_DEFAULT_REGION: "eu-central-1", ...env }),
  );
}
