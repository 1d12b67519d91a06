import { spawn } from "node:child_process";
import { once } from "node:events";
import { buildProgram } from "./build.ts";

type Row = Readonly<Record<string, unknown>>;
type Answer = { readonly value: unknown } | { readonly error: string };

/** What the program answers to lines of JSON, of which the first says how the others are read. */
async function answersTo(lines: readonly unknown[]): Promise<readonly string[]> {
  const child = spawn(await buildProgram("cel"), [], { stdio: ["pipe", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(`${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`the evaluator of CEL ended with ${code}`);
  const answers = Buffer.concat(chunks).toString().trimEnd().split("\n");
  if (answers.length === lines.length - 1) return answers;
  throw new Error(`${answers.length} answers to ${lines.length - 1} questions`);
}

/** What an expression of CEL gives for each of some values of its variables, by the library of the API server. */
export async function evaluateCel(expression: string, rows: readonly Row[]): Promise<readonly unknown[]> {
  const answers = await answersTo([{ expression, variables: Object.keys(rows[0] ?? {}) }, ...rows]);
  return answers.map((line, index) => {
    const answer = JSON.parse(line) as Answer;
    if ("error" in answer) throw new Error(`${answer.error} for ${JSON.stringify(rows[index])}`);
    return answer.value;
  });
}

/** What expressions give with these values: a value, an error, or why one does not compile. */
export async function evaluateEach(
  expressions: readonly string[],
  variables: Row,
): Promise<readonly (Answer | { readonly invalid: string })[]> {
  const answers = await answersTo([
    { each: true },
    ...expressions.map((expression) => ({ expression, variables })),
  ]);
  return answers.map((line) => JSON.parse(line) as Answer | { readonly invalid: string });
}
