import { PodtrustError } from "../../../base/index.ts";
import { noInputs } from "../../../plan/index.ts";
import type { PartContext } from "../part.ts";
import { hostConnection } from "./place.ts";

/** The machine of a stack, for commands that work on it. Ended by `close`. */
export interface Machine {
  /** What ssh is to be started with to be on it, on the connection that stands. */
  sshArguments(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Connects to the machine of a config. Throws `machine-absent`, `ssh-*`. */
export async function openMachine(context: Pick<PartContext, "config" | "env" | "clock">): Promise<Machine> {
  const connection = hostConnection(context);
  if (connection === undefined) {
    throw new PodtrustError("machine-absent", `${context.config.file} names no machine`);
  }
  const session = await connection.required(noInputs);
  return { sshArguments: session.arguments, close: () => connection.close() };
}
