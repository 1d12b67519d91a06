import { PodtrustError } from "../base/index.ts";
import { type Asking, askText, canAsk } from "./question.ts";

/** Asks; anything but yes is no. Call it only if `canAsk` allows it. Throws what `ended` gives when a signal comes. */
export async function ask(asking: Asking, question: string, ended: () => PodtrustError): Promise<boolean> {
  const said = (await askText(asking, `${question} [y/N] `, ended))?.toLowerCase();
  return said === "y" || said === "yes";
}

function endedAtQuestion(command: string): PodtrustError {
  const next = "Run the same command again to see the plan and decide.";
  const what = `podtrust ${command} was ended at the question: nothing was done`;
  return new PodtrustError("interrupted", what, { next });
}

/**
 * Asks before a command changes things. Throws `usage` where there is no terminal to ask on, `interrupted` when a
 * signal comes.
 */
export async function confirm(asking: Asking, command: string, question: string): Promise<boolean> {
  if (!canAsk(asking)) {
    throw new PodtrustError("usage", `${command} changes things, and there is no terminal to ask on`, {
      next: "Look at the plan, then run the same command with --yes.",
    });
  }
  return ask(asking, question, () => endedAtQuestion(command));
}

/**
 * Asks for a name to be typed before a command deletes what cannot be had again. Throws `usage` where there is no
 * terminal to ask on, `interrupted` when a signal comes.
 */
export async function confirmName(asking: Asking, command: string, name: string): Promise<boolean> {
  if (!canAsk(asking)) {
    const sentence = `${command} deletes a machine, and there is no terminal to ask on`;
    throw new PodtrustError("usage", sentence, {
      next: `Look at the plan, then run the same command with --yes --confirm ${name}.`,
    });
  }
  const question = `A machine is among it. Type the stack's name to delete all of this: `;
  return (await askText(asking, question, () => endedAtQuestion(command))) === name;
}
