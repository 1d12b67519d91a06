import { PodtrustError } from "../../core/base/index.ts";
import { replaceText } from "../../core/files/index.ts";
import { readSavedPlan, savePlan, type Stack, type StackPlan } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { packageVersion, readTextFile } from "../../core/command-line/index.ts";
import { type AfterChanges, type ChangeOptions, type Command, perform } from "./carry-out.ts";
import { selectionOf, type StackCommandOptions, withStack } from "./open.ts";
import { printPlan, printRefusals } from "./print-plan.ts";

// A thousand roles with long policies are a few MiB.
const maxPlan = 32 * 1024 * 1024;

/** Writes what was shown to a file that only its owner may read; throws `file-unwritable`. */
export async function writePlan(
  context: CommandContext,
  name: string,
  shown: StackPlan,
  options: StackCommandOptions,
): Promise<void> {
  await replaceText(context.path(name), savePlan(shown, selectionOf(options), packageVersion()));
}

function checkAlone(command: Command["name"], options: ChangeOptions): void {
  const { only, skip, leave, upsertOnly, allowInUse, allowReplace, allowIssuerMismatch } = options;
  const given = [only, skip, leave, upsertOnly, allowInUse, allowReplace, allowIssuerMismatch];
  if (given.every((one) => one === undefined)) return;
  throw new PodtrustError("usage", `podtrust ${command} PLAN does what the plan showed and nothing else`, {
    next: "Give --only, --skip and the like to podtrust plan -o.",
  });
}

/**
 * Carries out a plan of a file, without asking: that it was reviewed is what the file is for. Throws
 * `plan-file-invalid`, and `plan-changed` where it is no longer what would be done.
 */
export async function carryOutSaved(
  context: CommandContext,
  command: {
    readonly name: "up" | "down";
    readonly goal: "present" | "absent";
    readonly afterwards?: AfterChanges;
  },
  file: string,
  options: ChangeOptions,
): Promise<void> {
  checkAlone(command.name, options);
  const text = await readTextFile(context, { option: command.name, name: file, maxBytes: maxPlan });
  const saved = named(file, () => readSavedPlan(text, packageVersion()));
  const { goal = "present" } = saved.spec;
  if (goal !== command.goal) {
    const right = goal === "absent" ? "down" : "up";
    throw new PodtrustError("usage", `${file} is a plan for podtrust ${right}`, {
      next: `Run podtrust ${right} ${file}.`,
    });
  }
  const unknown = goal === "absent" ? "without" : { keep: new URL(saved.issuer).hostname };
  const work = async (stack: Stack): Promise<void> => {
    const plan = await stack.checkSaved(saved);
    printPlan(context, plan);
    if (printRefusals(context, plan)) await perform(context, stack, plan, command.afterwards);
  };
  await withStack(context, { ...options, ...saved.select }, unknown, work).catch((error: unknown) => {
    throw withoutConfig(error, `podtrust ${command.name} ${file}`, saved.stack);
  });
}

/** Says which file is meant: a saved plan does not know its own name. */
function named<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PodtrustError)) throw error;
    const { code, next, message, detail } = error;
    throw new PodtrustError(code, `${file}: ${message}`, { next, detail: { ...detail, file } });
  }
}

/**
 * A plan names no config to be opened: its author would choose which one is read. So the user has to name it,
 * if it is not the one of this folder.
 */
function withoutConfig(error: unknown, command: string, stack: string): unknown {
  if (!(error instanceof PodtrustError) || error.code !== "config-unreadable") return error;
  const { code, message, detail } = error;
  const next = `A plan is carried out with the config that it was made from: name that of stack ${stack}, ${command} -f FILE, or run it in its folder.`;
  return new PodtrustError(code, message, { next, detail });
}
