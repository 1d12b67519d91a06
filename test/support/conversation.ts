import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

/** A program that answers each line with one line of JSON. */
export interface Conversation {
  /** Has it do what the line says, and gives what it says. */
  ask(line?: string): Promise<unknown>;
  /** Ends its input, and so the program. */
  end(): Promise<void>;
}

export function openConversation(
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
  return {
    async ask(line = "") {
      stdin.write(`${line}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${file} has ended: ${(await said).slice(-2000)}`);
      return JSON.parse(value) as unknown;
    },
    async end() {
      stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}
