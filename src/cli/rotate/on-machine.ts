import { defined, isRecord, type JsonRecord, PodtrustError, shellWord } from "../../core/base/index.ts";
import { type Machine, openMachine, publisherOnMachine } from "../../stack/index.ts";
import { runForLines, shownLines } from "../child.ts";
import type { CommandContext } from "../context.ts";
import { ask, canAsk, programExit } from "../../core/terminal/index.ts";
import type { Config } from "../../config/index.ts";
import type { Afterwards } from "./run.ts";

// The status of a publisher with hundreds of keys is a tenth of this.
const maxAnswerChars = 4 * 1024 * 1024;

/**
 * Shows the output of the machine's program, escaped; returns its exit code, and whether it refused the key that signs.
 */
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

/** What the machine's program answers as the one object of `--json`. Throws `host-command-failed` for anything else. */
async function answerOf(
  context: CommandContext,
  words: readonly string[],
  input?: string,
): Promise<{ readonly code: number; readonly value: JsonRecord }> {
  let answer = "";
  const code = await runForLines(context, "ssh", words, {
    out(line) {
      if (answer.length <= maxAnswerChars) answer += `${line}\n`;
    },
    err: shownLines(context).err,
    ...defined({ input }),
  });
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch {
    value = undefined;
  }
  if (isRecord(value)) return { code, value };
  throw new PodtrustError(
    "host-command-failed",
    `the publisher's program on the machine answers with no JSON object (exit code ${code})`,
  );
}

async function answered(
  context: CommandContext,
  words: readonly string[],
  afterwards: Afterwards | undefined,
): Promise<number> {
  const { code, value } = await answerOf(context, words);
  context.output.compact({ ...value, ...(code === 0 ? await afterwards?.() : {}) });
  return code;
}

async function rotateThere(
  context: CommandContext,
  machine: Machine,
  command: readonly string[],
  afterwards: Afterwards | undefined,
): Promise<number> {
  const login = [...(await machine.sshArguments()), ...machine.asRoot];
  const wordsOf = (option: readonly string[]): readonly string[] => [
    ...login,
    ...[...command, ...option].map(shellWord),
  ];
  if (context.json) return answered(context, wordsOf(["--json"]), afterwards);
  const code = await shownAsking(context, wordsOf);
  if (code === 0) await afterwards?.();
  return code;
}

/** Shows what the machine's program says, and asks for it where it refused the key that signs: it has no terminal there. */
async function shownAsking(
  context: CommandContext,
  wordsOf: (option: readonly string[]) => readonly string[],
): Promise<number> {
  const words = wordsOf([]);
  const { code, signs } = await shown(context, words);
  if (code === 0 || !signs || words.includes("--force") || !canAsk(context)) return code;
  const ended = (): PodtrustError => new PodtrustError("interrupted", "ended by a signal; nothing was done");
  if (!(await ask(context, "Distrust it anyway?", ended))) return code;
  return (await shown(context, wordsOf(["--force"]))).code;
}

/**
 * Runs the command at the publisher on a config's machine, by its own program there, and then what comes after it; false if
 * the config's publisher is not on such a machine.
 */
export async function rotateOnMachine(
  context: CommandContext,
  config: Config,
  words: readonly string[],
  afterwards?: Afterwards,
): Promise<boolean> {
  const there = publisherOnMachine(config);
  if (there === undefined) return false;
  const machine = await openMachine({ ...context, config });
  try {
    const command = [there.program, "rotate", ...words, "--state", there.state];
    const code = programExit(await rotateThere(context, machine, command, afterwards));
    // What came after may have failed.
    if (code !== 0) context.exitCode = code;
    return true;
  } finally {
    await machine.close();
  }
}

/**
 * Runs `podtrust rotate WORDS` at the publisher on a config's machine, without output; false if the config's publisher is not on such
 * a machine. `input`: what it reads. Throws `host-command-failed` if it failed; `what`: what it did not do, for that sentence.
 */
async function doneThere(
  context: CommandContext,
  config: Config,
  words: readonly string[],
  { what, input }: { readonly what: string; readonly input?: string },
): Promise<boolean> {
  const there = publisherOnMachine(config);
  if (there === undefined) return false;
  const machine = await openMachine({ ...context, config });
  try {
    const command = [there.program, "rotate", ...words, "--state", there.state, "--json"];
    const login = [...(await machine.sshArguments()), ...machine.asRoot];
    const { code } = await answerOf(context, [...login, ...command.map(shellWord)], input);
    if (code === 0) return true;
    throw new PodtrustError("host-command-failed", `the publisher on the machine did not ${what}`);
  } finally {
    await machine.close();
  }
}

/** Makes the publisher on a config's machine distrust a key; as `doneThere`. */
export function distrustOnMachine(context: CommandContext, config: Config, kid: string): Promise<boolean> {
  return doneThere(context, config, ["distrust", kid, "--force"], { what: `distrust ${kid}` });
}

/** Hands a key over to the publisher on a config's machine, by its ID; as `doneThere`. */
export function handOverOnMachine(
  context: CommandContext,
  config: Config,
  { kid, publicKey }: { readonly kid: string; readonly publicKey: string },
): Promise<boolean> {
  const words = ["restore", kid, "--public-key", "-"];
  return doneThere(context, config, words, { what: `take ${kid}`, input: publicKey });
}
