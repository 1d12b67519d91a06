/** How many of the operator's turns each namespace has when every binding wants one: by the operator's own queue. */
import { setImmediate } from "node:timers/promises";
import { silentLogger, systemClock } from "../../../src/core/base/index.ts";
import { type Controller, ControllerRunner, namespaceOf } from "../../../src/operator/controller/index.ts";

/** Begins as many turns as run at once, ends none of them, and gives how many each namespace has. */
export async function turnsAtOnce(controller: Controller): Promise<ReadonlyMap<string, number>> {
  const ending = new AbortController();
  const turns = new Map<string, number>();
  const stand: Controller = {
    ...controller,
    reconcile(key, { signal }) {
      const namespace = namespaceOf(key);
      turns.set(namespace, (turns.get(namespace) ?? 0) + 1);
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      });
    },
  };
  const runner = new ControllerRunner({ controller: stand, clock: systemClock, logger: silentLogger });
  const running = runner.lead({ held: true }, ending.signal);
  let before = -1;
  for (let rounds = 0; rounds < 5; rounds += 1) {
    const begun = [...turns.values()].reduce((sum, count) => sum + count, 0);
    if (begun !== before) rounds = 0;
    before = begun;
    await setImmediate();
  }
  ending.abort(new Error("counted"));
  await running;
  return turns;
}
