import { PodtrustError } from "../../core/base/index.ts";
import { askSecret, canAsk } from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";

const minLength = 12;

const ended = (): PodtrustError =>
  new PodtrustError("interrupted", "ended at the question for the passphrase");

function refuseWithoutTerminal(context: CommandContext): void {
  if (canAsk(context)) return;
  throw new PodtrustError("usage", "a passphrase is asked for at a terminal alone, and there is none", {
    next: "Without a terminal, use recipients and an identity: podtrust backup keygen.",
  });
}

/** Asks for the passphrase of a file. Throws `usage` without a terminal, and `interrupted`. */
export async function askPassphrase(context: CommandContext): Promise<string> {
  refuseWithoutTerminal(context);
  return askSecret(context, "Passphrase: ", ended);
}

/** A new one, asked for twice. Throws `usage` also for two that differ, or one that is short. */
export async function askNewPassphrase(context: CommandContext): Promise<string> {
  refuseWithoutTerminal(context);
  const first = await askSecret(context, `Passphrase, of ${minLength} characters at least: `, ended);
  if (first.length < minLength)
    throw new PodtrustError("usage", `the passphrase has fewer than ${minLength} characters`, {
      next: "Take six random words: anyone who has the file can try passphrases for as long as they like.",
    });
  if ((await askSecret(context, "Once more: ", ended)) === first) return first;
  throw new PodtrustError("usage", "the two passphrases are not the same", { next: "Run it again." });
}
