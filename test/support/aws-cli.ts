import { execFile, type ExecFileException } from "node:child_process";
import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const version = "1.46.3";
const folder = fileURLToPath(new URL(`../../.cache/awscli-${version}`, import.meta.url));
const program = `${folder}/bin/aws`;

/** How a run ended. */
export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<CliRun> {
  return new Promise((resolve) => {
    const options = { env, timeout: 120_000, maxBuffer: 16 * 1024 * 1024 };
    execFile(file, [...args], options, (error: ExecFileException | null, out, err) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, out, err: error !== null && err === "" ? error.message : err });
    });
  });
}

function surroundings(): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/nonexistent" };
}

/** Installs the AWS CLI from PyPI into .cache/ where it is not there; says why it cannot be had, else undefined. */
export async function awsCliMissing(): Promise<string | undefined> {
  const there = await access(program).then(
    () => true,
    () => false,
  );
  if (there) return undefined;
  const env = surroundings();
  const made = await run("python3", ["-m", "venv", "--clear", folder], env);
  if (made.code !== 0) return `python3 -m venv: ${made.err.trim()}`;
  const pip = ["install", "--quiet", "--disable-pip-version-check", `awscli==${version}`];
  const installed = await run(`${folder}/bin/pip`, pip, env);
  return installed.code === 0 ? undefined : `pip install awscli: ${installed.err.trim().slice(-300)}`;
}

/** Runs `aws ARGS` with nothing of this machine's own AWS configuration. */
export function aws(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CliRun> {
  const nothing = {
    AWS_CONFIG_FILE: "/nonexistent",
    AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_DEFAULT_REGION: "eu-central-1",
    AWS_PAGER: "",
  };
  return run(program, args, { PATH: surroundings()["PATH"] ?? "", HOME: "/nonexistent", ...nothing, ...env });
}
