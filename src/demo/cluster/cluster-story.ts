import type { DemoEnvironment } from "../environment.ts";
import type { LinkReporter } from "../link-reporter.ts";
import type { OnEvent } from "../report.ts";
import type { Made } from "./made.ts";

/** What every chapter of the story works with. */
export interface ClusterStory {
  readonly environment: DemoEnvironment;
  readonly made: Made;
  /** The demo's own: of all that stands in one, and the name of what stands in none. */
  readonly namespace: string;
  readonly reporter: LinkReporter;
  readonly onEvent: OnEvent;
  readonly signal: AbortSignal;
}

const pauseMs = 200;

/** Asks until there is an answer, and says once what is waited for; undefined when it does not come in time. */
export async function until<T>(
  { environment, onEvent, signal }: Pick<ClusterStory, "environment" | "onEvent" | "signal">,
  { reason, seconds }: { readonly reason: string; readonly seconds: number },
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const { clock } = environment;
  const deadline = clock.elapsed() + seconds * 1000;
  for (let reported = false; ; reported = true) {
    const answer = await ask();
    if (answer !== undefined || clock.elapsed() >= deadline) return answer;
    if (!reported) onEvent({ kind: "waiting", reason, seconds });
    await clock.sleep(pauseMs, signal);
  }
}
