import type { Clock } from "../core/base/index.ts";
import type { ApplyEvent } from "../rules/plan/index.ts";
import type { DemoEvent } from "./report.ts";

/** Reports each reason to wait once, however often it recurs. */
export function reportWaits(
  onEvent: (event: Extract<DemoEvent, { readonly kind: "waiting" }>) => void,
  clock: Clock,
): (event: ApplyEvent) => void {
  const reported = new Set<string>();
  return (event) => {
    if (event.type !== "waiting" || reported.has(event.reason)) return;
    reported.add(event.reason);
    const seconds = Math.ceil((event.deadline - clock.elapsed()) / 1000);
    onEvent({ kind: "waiting", reason: event.reason, seconds });
  };
}
