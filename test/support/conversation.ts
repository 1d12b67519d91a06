import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";

/** A program that answers each line with one line of JSON. */
export interface Conversation {
  /** Has it do its one thing once more, and gives what it says. */
  ask(): Promise<unknown>;
}

/** Starts it; it ends with the test, since its input does. */
export function conversation(
  t: TestContext,
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Conversation {
  const child: ChildProcess = spawn(file, [...args], { env, stdio: ["pipe", "pipe", "pipe"] });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new TypeError("the program has no pipes");
  stdin.on("error", () => undefined);
  const said = text(stderr);
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  t.after(async () => {
    stdin.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  return {
    async ask() {
      stdin.write("\n");
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${file} has ended: ${(await said).slice(-2000)}`);
      return JSON.parse(value) as unknown;
    },
  };
}
