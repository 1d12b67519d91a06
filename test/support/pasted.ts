import assert from "node:assert/strict";
import process from "node:process";
import { runProgram } from "./python-venv.ts";

/** What a command says after lines were pasted into a bash that knows nothing else of AWS; it has to succeed. */
export async function pastedIntoBash(
  lines: readonly string[],
  command: string,
  more: Readonly<Record<string, string>>,
): Promise<string> {
  const env = { PATH: process.env["PATH"] ?? "", AWS_EC2_METADATA_DISABLED: "true", ...more };
  const { code, out, err } = await runProgram("bash", ["-c", `${lines.join("\n")}\n${command}`], env);
  assert.equal(code, 0, err);
  return out.trim();
}
