import { isRecord, PodtrustError, shellWord } from "../../core/base/index.ts";
import { type Machine, openMachine, publisherOnMachine } from "../../stack/index.ts";
import { runForLines, shownLines } from "../child.ts";
import type { CommandContext } from "../context.ts";
import { ask, canAsk, programExit } from "../../core/terminal/index.ts";
import { configOf } from "../options/config.ts";

// The status of a publisher with hundreds of keys is a tenth of this.
const maxAnswerChars = 4 * 1024 * 1024;

/** Shows what the machine's program says, escaped; gives its exit code, and whether it refused the key that signs. */
async function shown(
  context: CommandContext,
  words: readonly string[],
): Promise<{ readonly code: number; readonly signs: boolean }> {
  const { out, err } = shownLines(context);
  let signs = false;
  const code = await runForLines(context, "ssh", words, {
    out,
    err(line) {
      signs ||= /^code: +publisher-key-signs$/u.test(line);
      err(line);
    },
  });
  return { code, signs };
}

/** The same as the one object of `--json`. Throws `host-command-failed` for what is none. */
async function answered(context: CommandContext, words: readonly string[]): Promise<number> {
  let answer = "";
  const code = await runForLines(context, "ssh", words, {
    out(line) {
      if (answer.length <= maxAnswerChars) answer += `${line}\n`;
    },
    err: shownLines(context).err,
  });
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch {
    value = undefined;
  }
  if (!isRecord(value)) {
    throw new PodtrustError(
      "host-command-failed",
      `the publisher's program on the machine answers with no JSON object (exit code ${code})`,
    );
  }
  context.output.compact(value);
  return code;
}

async function rotateThere(
  context: CommandContext,
  machine: Machine,
  command: readonly string[],
): Promise<number> {
  const login = [...(await machine.sshArguments()), ...machine.asRoot];
  const wordsOf = (more: readonly string[]): readonly string[] => [
    ...login,
    ...[...command, ...more].map(shellWord),
  ];
  if (context.json) return answered(context, wordsOf(["--json"]));
  const { code, signs } = await shown(context, wordsOf([]));
  // The program there has no terminal to ask on: the question is ours.
  if (code === 0 || !signs || command.includes("--force") || !canAsk(context)) return code;
  const ended = (): PodtrustError => new PodtrustError("interrupted", "ended by a signal; nothing was done");
  if (!(await ask(context, "Distrust it all the same?", ended))) return code;
  return (await shown(context, wordsOf(["--force"]))).code;
}

/**
 * Has the publisher on a config's machine do what was typed, by its own program there; false where the config's
 * publisher is on no machine of the config's.
 */
export async function rotateOnMachine(
  context: CommandContext,
  file: string,
  words: readonly string[],
): Promise<boolean> {
  const config = await configOf(context, file);
  const there = publisherOnMachine(config);
  if (there === undefined) return false;
  const machine = await openMachine({ ...context, config });
  try {
    const command = [there.program, "rotate", ...words, "--state", there.state];
    context.exitCode = programExit(await rotateThere(context, machine, command));
    return true;
  } finally {
    await machine.close();
  }
}
