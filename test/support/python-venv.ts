import { execFile, type ExecFileException } from "node:child_process";
import { fileURLToPath } from "node:url";
import { installedOnce } from "./installed-once.ts";
import { emptyFile, noHome } from "./nowhere.ts";
import { maxWait } from "./until.ts";

/** How a run ended. */
export interface ProgramRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A package of PyPI in a folder of its own below .cache/. */
export interface PythonVenv {
  readonly requirement: string;
  readonly folder: string;
  /** Path of a program in it. */
  readonly program: (name: string) => string;
  /** Installs it where it is not there; says why it cannot be had, else undefined. */
  readonly missing: () => Promise<string | undefined>;
}

/** Runs a program to its end, ten minutes at most by default. */
export function runProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  timeout = maxWait,
): Promise<ProgramRun> {
  return new Promise((resolve) => {
    const options = { env, timeout, maxBuffer: 16 * 1024 * 1024 };
    execFile(file, [...args], options, (error: ExecFileException | null, out, err) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, out, err: error !== null && err === "" ? error.message : err });
    });
  });
}

/** An environment with nothing of this machine's own AWS configuration. */
export function cleanAwsEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: noHome,
    AWS_CONFIG_FILE: emptyFile,
    AWS_SHARED_CREDENTIALS_FILE: emptyFile,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_PAGER: "",
    ...env,
  };
}

/** What a package wants beside itself. */
export interface VenvOptions {
  /** Further packages, as `requests==2.32.5`. */
  readonly also?: readonly string[];
  /** Path of another interpreter than the machine's python3. */
  readonly interpreter?: () => Promise<string>;
}

/** Milliseconds for a step of an installation: Ansible is 500 MB. */
const installTime = 600_000;

type Run = readonly [file: string, ...args: string[]];

/** The pip that installs for all others: one of their own would be half of what an environment takes. */
const pip = (): PythonVenv => pythonVenv("pip", "25.3");

/** What makes an environment, and installs into it. */
async function installation(
  folder: string,
  requirements: readonly string[],
  interpreter: NonNullable<VenvOptions["interpreter"]>,
): Promise<readonly Run[]> {
  const venv: Run = [await interpreter(), "-m", "venv", "--clear", folder];
  const install = ["install", "--quiet", "--disable-pip-version-check", ...requirements];
  const shared = pip();
  if (folder === shared.folder) return [venv, [shared.program("pip"), ...install]];
  const missing = await shared.missing();
  if (missing !== undefined) throw new Error(missing);
  return [
    [...venv, "--without-pip"],
    [shared.program("pip"), "--python", `${folder}/bin/python`, ...install],
  ];
}

export function pythonVenv(name: string, version: string, options: VenvOptions = {}): PythonVenv {
  const folder = fileURLToPath(new URL(`../../.cache/${name}-${version}`, import.meta.url));
  const requirement = `${name}==${version}`;
  const program = (file: string): string => `${folder}/bin/${file}`;
  return {
    requirement,
    folder,
    program,
    missing: () =>
      installedOnce(folder, requirement, async () => {
        const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? noHome };
        try {
          const runs = await installation(
            folder,
            [requirement, ...(options.also ?? [])],
            options.interpreter ?? (() => Promise.resolve("python3")),
          );
          for (const [file, ...args] of runs) {
            const { code, err } = await runProgram(file, args, env, installTime);
            if (code !== 0) return `${file} ${args.join(" ")}: ${err.trim().slice(-300)}`;
          }
        } catch (error) {
          return error instanceof Error ? error.message : String(error);
        }
        return undefined;
      }),
  };
}
