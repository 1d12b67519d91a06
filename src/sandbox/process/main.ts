/**
 * The process of a sandbox, of a stand-in cluster or of a stand-in CA: its options come by IPC, and its secrets go by
 * it too, since arguments and environment would show them to other users. It ends with that channel, and so with the
 * program that started it, however that ended.
 */
import { once } from "node:events";
import process from "node:process";
import { type CaCallbacks, served, type ThingServed } from "./served.ts";
import { Calls, type Message } from "./calls.ts";

// Ctrl-C goes to all processes of a terminal, and the program that started this one may still need it.
process.on("SIGINT", () => undefined);

const left = once(process, "disconnect");

const calls = new Calls<CaCallbacks>((message) => {
  // If the other side is gone, the message is dropped.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
});

async function closeWithItsStarter(close: () => Promise<void>): Promise<void> {
  await left;
  calls.end(() => new Error("the process that started this one has ended"));
  await close();
}

calls.serve({
  async start(thing: ThingServed, options: never): Promise<object> {
    const started = await served[thing](options, calls.ask);
    calls.serve(started.calls);
    void closeWithItsStarter(started.close);
    return started.said;
  },
});

process.on("message", (message: Message) => calls.hear(message));
