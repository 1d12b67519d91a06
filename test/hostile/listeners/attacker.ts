/** Carries out one attack on a listener, as a process of its own, and prints what was done as a line of JSON. */
import process from "node:process";
import { contextOf, type Target } from "../attacks/attack.ts";
import { listenerAttacks } from "./attacks.ts";

export interface ListenerOrder {
  readonly target: Target;
  readonly addresses: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}

const [name = "", order = "{}"] = process.argv.slice(2);
const attack = listenerAttacks[name];
if (attack === undefined) throw new TypeError(`no attack ${name}`);
const { target, addresses, connections, seconds } = JSON.parse(order) as ListenerOrder;
// Whatever its connections come to, it lasts as long as it was told.
setTimeout(() => {}, seconds * 1000);
const context = contextOf({ target, addresses, signal: AbortSignal.timeout(seconds * 1000) });
await attack(connections)(context);
console.log(JSON.stringify(context.done));
// Connections that are still on their way do not keep it.
process.kill(process.pid, "SIGKILL");
