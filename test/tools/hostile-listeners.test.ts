/** Everything that a pod may do to the listeners of publisher and operator, for three seconds each. */
import { onProbes, onWebhook } from "../hostile/listeners/attacks.ts";
import { type Assault, testListenersUnder } from "../hostile/listeners/under.ts";

/** As many as do the most harm: what takes the most memory, and the most connections. */
const sizes: readonly number[] = [64, 600, 2400];
const few = new Set(["three megabytes of numbers", "60,000 containers"]);

const assaults: readonly Assault[] = [
  ...Object.keys(onWebhook).map((name): Assault => [name, few.has(name) ? 14 : 64]),
  ...["handshakes, then silence", "half a head"].flatMap((name) =>
    [600, 2400].map((count): Assault => [name, count]),
  ),
  ...Object.keys(onProbes).flatMap((name) => sizes.map((count): Assault => [name, count])),
];
testListenersUnder(assaults, 3);
