/**
 * A sandbox in a process of its own, as `startSandboxProcess` starts it: its options come by IPC, and its secrets go by it too,
 * since arguments and environment would show them to others. It ends with that channel, and so with whoever started it, however
 * that ended.
 */
import { once } from "node:events";
import process from "node:process";
import { asPodtrustError } from "../../base/index.ts";
import { startSandbox } from "../start.ts";
import type { Said, SandboxProcessOptions } from "./messages.ts";

// Ctrl-C goes to all processes of a terminal, and whoever started this one may still want to ask it for its decisions.
process.on("SIGINT", () => undefined);

const left = once(process, "disconnect");

/** Says it, unless nobody is there any more. */
function say(said: Said): void {
  if (process.connected) process.send?.(said, undefined, undefined, () => undefined);
}

async function serve(options: SandboxProcessOptions): Promise<void> {
  const sandbox = await startSandbox(options);
  const { url, account, admin, controlToken } = sandbox;
  say({ sandbox: { url, account, admin, controlToken } });
  await left;
  await sandbox.close();
}

process.once("message", (options: SandboxProcessOptions) => {
  serve(options).catch((error: unknown) => say({ error: asPodtrustError(error).toJSON() }));
});
