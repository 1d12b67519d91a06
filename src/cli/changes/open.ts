import { loadConfig } from "../../config/index.ts";
import { parseConnectTo } from "../../http/index.ts";
import { openStack, type OutsideWay, type Selection, type Stack } from "../../stack/index.ts";
import { readCaFile } from "../options/ca-file.ts";
import type { CommandContext } from "../context.ts";

/** What was typed, of the options that every command on a stack takes. */
export interface StackCommandOptions extends Selection {
  readonly file: string;
  readonly connectTo?: readonly string[];
  readonly ca?: string;
}

/** How a command line reaches the issuer. */
export async function wayOf(
  context: CommandContext,
  options: Pick<StackCommandOptions, "connectTo" | "ca">,
): Promise<OutsideWay> {
  const { connectTo, ca } = options;
  return {
    ...(connectTo === undefined ? {} : { connectTo: connectTo.map(parseConnectTo) }),
    ...(ca === undefined ? {} : { ca: await readCaFile(context, ca) }),
  };
}

/** Opens the stack of a command line, hands it to `work`, and closes it whatever happens. */
export async function withStack<T>(
  context: CommandContext,
  options: StackCommandOptions,
  work: (stack: Stack) => Promise<T>,
): Promise<T> {
  const config = await loadConfig(context.path(options.file), context.env);
  const { only, skip } = options;
  const stack = await openStack({
    config,
    env: context.env,
    clock: context.clock,
    signal: context.signal,
    way: await wayOf(context, options),
    select: { ...(only === undefined ? {} : { only }), ...(skip === undefined ? {} : { skip }) },
    notice: (text) => context.progress.line(`note: ${text}`),
  });
  try {
    return await work(stack);
  } finally {
    stack.close();
  }
}
