import { execFile, type ExecFileException } from "node:child_process";
import { access, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

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

/** Runs a program to its end, two minutes at most. */
export function runProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ProgramRun> {
  return new Promise((resolve) => {
    const options = { env, timeout: 120_000, maxBuffer: 16 * 1024 * 1024 };
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
    HOME: "/nonexistent",
    AWS_CONFIG_FILE: "/nonexistent",
    AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_PAGER: "",
    ...env,
  };
}

export function pythonVenv(name: string, version: string): PythonVenv {
  const folder = fileURLToPath(new URL(`../../.cache/${name}-${version}`, import.meta.url));
  const requirement = `${name}==${version}`;
  const program = (file: string): string => `${folder}/bin/${file}`;
  // Written last, so that an installation that was broken off is begun anew.
  const marker = `${folder}/installed`;
  return {
    requirement,
    folder,
    program,
    async missing() {
      const there = await access(marker).then(
        () => true,
        () => false,
      );
      if (there) return undefined;
      const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/nonexistent" };
      const made = await runProgram("python3", ["-m", "venv", "--clear", folder], env);
      if (made.code !== 0) return `python3 -m venv: ${made.err.trim()}`;
      const pip = ["install", "--quiet", "--disable-pip-version-check", requirement];
      const installed = await runProgram(program("pip"), pip, env);
      if (installed.code !== 0) return `pip install ${requirement}: ${installed.err.trim().slice(-300)}`;
      await writeFile(marker, requirement);
      return undefined;
    },
  };
}
