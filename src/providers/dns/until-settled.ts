import { type Clock, PodtrustError, retry, type RetrySchedule } from "../../core/base/index.ts";
import { type Owner, ownerText } from "../../rules/plan/index.ts";
import type { RecordKey } from "../../rules/dns/index.ts";

const schedule: RetrySchedule = {
  name: "what was written is looked for within a minute",
  delays: [0, 300, 1000, 3000, 8000],
  giveUpAfter: 60_000,
};

/** Records are not as they shall be yet, and looking again tells more: an answer got lost, or somebody was faster. */
export class NotSettled extends Error {
  /** What is said when it stays so. */
  readonly error: unknown;

  constructor(error: unknown) {
    super("records are not as they shall be yet");
    this.error = error;
  }
}

/** How records are brought to what they shall be, a step at a time. */
export interface Settling<Step> {
  /** Looks, and gives what is still to be done. */
  readonly look: () => Promise<readonly Step[]>;
  /** Throws `NotSettled` where the next look has to tell whether it was done. */
  readonly make: (step: Step) => Promise<void>;
  /** What is said when steps were made, and the next looks do not see it. */
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

/** The error of records that somebody else has. `said`: what stands there, up to "they belong to". */
export function nameTaken(
  { name, type }: RecordKey,
  said: string,
  found: { readonly owner: Owner; readonly found?: string },
): PodtrustError {
  const whose = found.owner.kind === "ours" ? "this stack" : ownerText(found.owner);
  return new PodtrustError("dns-name-taken", `${said} ${whose}`, { detail: { name, type, ...found } });
}
