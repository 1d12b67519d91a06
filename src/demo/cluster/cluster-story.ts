import { until } from "../../core/base/index.ts";
import type { DemoEnvironment } from "../environment.ts";
import type { LinkReporter } from "../link-reporter.ts";
import type { OnEvent } from "../report.ts";
import type { Made } from "./made.ts";

/** What every chapter of the story works with. */
export interface ClusterStory {
  readonly environment: DemoEnvironment;
  readonly made: Made;
  /** The demo's own namespace; also the name of its cluster-scoped objects. */
  readonly namespace: string;
  readonly reporter: LinkReporter;
  readonly onEvent: OnEvent;
  readonly signal: AbortSignal;
}

const pauseMs = 200;

/** Asks until there is an answer, and says once what it waits for; undefined if it does not come in time. */
export async function answerInTime<T>(
  { environment: { clock }, onEvent, signal }: Pick<ClusterStory, "environment" | "onEvent" | "signal">,
  { reason, seconds }: { readonly reason: string; readonly seconds: number },
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const late = new Error(reason);
  let isReported = false;
  try {
    return await until<T>({
      clock,
      withinMs: seconds * 1000,
      delays: [pauseMs],
      signal,
      async look() {
        const is = await ask();
        return is === undefined ? { waitsFor: reason } : { is };
      },
      onWait() {
        if (!isReported) onEvent({ kind: "waiting", reason, seconds });
        isReported = true;
      },
      late: () => late,
    });
  } catch (error) {
    if (error === late) return undefined;
    throw error;
  }
}
