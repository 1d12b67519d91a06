import type { PodtrustError } from "../../base/index.ts";
import type { Sandbox, SandboxOptions } from "../start.ts";

/** Options of a sandbox in a process of its own: those of `startSandbox` that are no functions, and have none. */
export type SandboxProcessOptions = Omit<SandboxOptions, "clock" | "logger" | "onDecision" | "tables">;

// A record, so that the compiler asks for each.
const functions: Record<Exclude<keyof SandboxOptions, keyof SandboxProcessOptions>, true> = {
  clock: true,
  logger: true,
  onDecision: true,
  tables: true,
};
/** The names of the options that no message carries. */
export const notCarried: readonly string[] = Object.keys(functions);

/** What the process says once: where its sandbox is and what opens it, or why there is none. */
export type Said =
  | { readonly sandbox: Pick<Sandbox, "account" | "admin" | "controlToken" | "url"> }
  | { readonly error: ReturnType<PodtrustError["toJSON"]> };
