import { spawn } from "node:child_process";
import { once } from "node:events";
import { buildProgram } from "./build.ts";

type Row = Readonly<Record<string, unknown>>;
type Answer = { readonly value: unknown } | { readonly error: string };

/** What an expression of CEL gives for each of some values of its variables, by the library of the API server. */
export async function evaluateCel(expression: string, rows: readonly Row[]): Promise<readonly unknown[]> {
  const child = spawn(await buildProgram("cel"), [], { stdio: ["pipe", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const program = { expression, variables: Object.keys(rows[0] ?? {}) };
  child.stdin.end(`${[program, ...rows].map((line) => JSON.stringify(line)).join("\n")}\n`);
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`the evaluator of CEL ended with ${code}`);
  const answers = Buffer.concat(chunks).toString().trimEnd().split("\n");
  if (answers.length !== rows.length)
    throw new Error(`${answers.length} answers to ${rows.length} questions`);
  return answers.map((line, index) => {
    const answer = JSON.parse(line) as Answer;
    if ("error" in answer) throw new Error(`${answer.error} for ${JSON.stringify(rows[index])}`);
    return answer.value;
  });
}
