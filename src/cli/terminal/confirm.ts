import { PodtrustError } from "../../base/index.ts";
import { type Asking, askText, canAsk } from "./question.ts";

/**
 * Asks where `canAsk` says that somebody is there; anything but yes is no. Throws what `ended` gives when a signal comes.
 */
export async function ask(asking: Asking, question: string, ended: () => PodtrustError): Promise<boolean> {
  const said = (await askText(asking, `${question} [y/N] `, ended))?.toLowerCase();
  return said === "y" || said === "yes";
}

/**
 * Asks before a command changes things. Throws `usage` where there is no terminal to ask on, `interrupted` when a
 * signal comes.
 */
export async function confirm(asking: Asking, command: string, question: string): Promise<boolean> {
  if (!canAsk(asking)) {
    throw new PodtrustError("usage", `${command} changes things, and there is no terminal to ask on`, {
      next: `Look at the plan, then run podtrust ${command} with --yes.`,
    });
  }
  const next = `Run podtrust ${command} again to see the plan and decide.`;
  const what = `podtrust ${command} was ended at the question: nothing was done`;
  return ask(asking, question, () => new PodtrustError("interrupted", what, { next }));
}
