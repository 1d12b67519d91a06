import { runProgram } from "../../support/python-venv.ts";
import { noHome } from "../../support/nowhere.ts";

/** What a probe says of one of its steps. */
export interface ProbeStep {
  readonly step: string;
  readonly seen: unknown;
  readonly error?: string;
}

/** The lines of a probe that has ended. */
export function stepsOf({ out, err }: { readonly out: string; readonly err: string }): readonly ProbeStep[] {
  const lines = out.split("\n").filter((line) => line !== "");
  if (lines.length === 0) throw new Error(`the probe said nothing: ${err.slice(-2000)}`);
  return lines.map((line) => JSON.parse(line) as ProbeStep);
}

/** Runs a probe to its end and gives its steps; with nothing of this machine's environment but what is told. */
export async function runProbe(
  program: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<readonly ProbeStep[]> {
  return stepsOf(await runProgram(program, args, { PATH: "", HOME: noHome, ...env }));
}

/** The steps that did not go as they should. */
export const failedSteps = (steps: readonly ProbeStep[]): readonly string[] =>
  steps.flatMap(({ step, error }) => (error === undefined ? [] : [`${step}: ${error}`]));
