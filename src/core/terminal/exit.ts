import type { PodtrustError } from "../base/index.ts";

/**
 * 0 done, 1 failed, 2 used wrongly (command line or config), 3 differences found; 128 and the signal's number where
 * one ended it.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 129 | 130 | 143 | ProgramExitCode;

/** The exit code of a program that was run for the user. */
type ProgramExitCode = number & { readonly ofProgram: true };

/** The exit code of a program that was run for the user, as this one's own. */
export function programExit(code: number): ProgramExitCode {
  return code as ProgramExitCode;
}

const usedWrongly: ReadonlySet<string> = new Set([
  "usage",
  "config-invalid",
  "config-unreadable",
  "config-without-publisher",
  "config-without-aws",
]);

/** The exit code for an error. */
export function exitCodeOf(error: PodtrustError): ExitCode {
  return usedWrongly.has(error.code) ? 2 : 1;
}
