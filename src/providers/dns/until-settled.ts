import { type Clock, PodtrustError, retry, type RetrySchedule } from "../../core/base/index.ts";
import { type Owner, ownerText } from "../../rules/plan/index.ts";
import type { RecordKey } from "../../rules/dns/index.ts";

const schedule: RetrySchedule = {
  name: "what was written is looked for within a minute",
  delays: [0, 300, 1000, 3000, 8000],
  giveUpAfter: 60_000,
};

/**
 * Records are not as wanted yet, and looking again will show more: an answer got lost, or another writer was faster.
 */
export class NotSettled extends Error {
  /** The error if it stays so. */
  readonly error: unknown;

  constructor(error: unknown) {
    super("records are not as wanted yet");
    this.error = error;
  }
}

/** How records become the wanted ones, a step at a time. */
export interface Settling<Step> {
  /** Looks, and returns what is still to be done. */
  readonly look: () => Promise<readonly Step[]>;
  /** Throws `NotSettled` where the next look has to show whether it was done. */
  readonly make: (step: Step) => Promise<void>;
  /** The error when steps were made and the next looks do not see them. */
  readonly unseen: PodtrustError;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Looks, makes what differs, and looks again, until nothing differs. Throws what `look` and `make` throw, or `unseen`. */
export async function untilSettled<Step>({
  look,
  make,
  unseen,
  clock,
  signal,
}: Settling<Step>): Promise<void> {
  const attempt = async (): Promise<void> => {
    const todo = await look();
    if (todo.length === 0) return;
    for (const step of todo) await make(step);
    throw new NotSettled(unseen);
  };
  try {
    await retry(attempt, {
      schedule,
      clock,
      signal,
      retryable: (error) => error instanceof NotSettled,
    });
  } catch (thrown) {
    throw thrown instanceof NotSettled ? thrown.error : thrown;
  }
}

/** The error of records with another owner. `said`: the sentence up to "they belong to". */
export function nameTaken(
  { name, type }: RecordKey,
  said: string,
  found: { readonly owner: Owner; readonly found?: string },
): PodtrustError {
  const owner = found.owner.kind === "ours" ? "this stack" : ownerText(found.owner);
  return new PodtrustError("dns-name-taken", `${said} ${owner}`, { detail: { name, type, ...found } });
}
