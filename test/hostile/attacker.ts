/**
 * Carries out one attack, as a process of its own, and prints what was done as a line of JSON.
 *
 *   node test/hostile/attacker.ts NAME '{"target": …, "addresses": […], "seconds": …}'
 */
import process from "node:process";
import { contextOf, type Target } from "./attacks/attack.ts";
import { attacks } from "./attacks/index.ts";

export interface AttackOrder {
  readonly target: Target;
  readonly addresses: readonly string[];
  readonly seconds: number;
}

const [name = "", order = "{}"] = process.argv.slice(2);
const attack = attacks[name];
if (attack === undefined) throw new TypeError(`no attack ${name}: ${Object.keys(attacks).join(", ")}`);
const { target, addresses, seconds } = JSON.parse(order) as AttackOrder;
// Whatever its connections come to, it lasts as long as it was told.
setTimeout(() => {}, seconds * 1000);
const context = contextOf({ target, addresses, signal: AbortSignal.timeout(seconds * 1000) });
await attack(context);
console.log(JSON.stringify(context.done));
// Connections that are still on their way do not keep it.
process.kill(process.pid, "SIGKILL");
