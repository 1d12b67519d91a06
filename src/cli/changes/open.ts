import { loadConfig } from "../../config/index.ts";
import { openStack, type Selection, type Stack } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { pluginConsent } from "../options/plugin-consent.ts";
import { type WayOptions, wayOf } from "../options/way.ts";

/** What was typed, of the options that every command on a stack takes. */
export interface StackOptions extends Selection, WayOptions {
  readonly file: string;
}

/** Which resources a command line means. */
export function selectionOf({ only, skip }: Selection): Selection {
  return { ...(only === undefined ? {} : { only }), ...(skip === undefined ? {} : { skip }) };
}

/** Opens the stack of a command line, hands it to `work`, and closes it whatever happens. */
export async function withStack<T>(
  context: CommandContext,
  options: StackOptions,
  work: (stack: Stack) => Promise<T>,
): Promise<T> {
  const config = await loadConfig(context.path(options.file), context.env);
  const stack = await openStack({
    config,
    env: context.env,
    clock: context.clock,
    consent: pluginConsent(context),
    signal: context.signal,
    way: await wayOf(context, options),
    select: selectionOf(options),
    notice: (text) => context.progress.line(`note: ${text}`),
  });
  try {
    return await work(stack);
  } finally {
    stack.close();
  }
}
