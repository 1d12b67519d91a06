import { cleanAwsEnvironment, type ProgramRun, pythonVenv, runProgram } from "./python-venv.ts";

export const boto3Venv = pythonVenv("boto3", "1.44.8");

/** Installs boto3 from PyPI into .cache/ where it is not there; says why it cannot be had, else undefined. */
export const boto3Missing = (): Promise<string | undefined> => boto3Venv.missing();

/** Runs a Python script that may import boto3, with nothing of this machine's own AWS configuration. */
export function boto3(script: string, env: Readonly<Record<string, string>>): Promise<ProgramRun> {
  return runProgram(boto3Venv.program("python"), ["-c", script], cleanAwsEnvironment(env));
}
