import { defined } from "../../core/base/index.ts";
import { openStack, type PlanSpec, type Selection, type Stack, type UnknownName } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { consentOf } from "../options/consent.ts";
import { packageVersion, releaseFolder } from "../../core/command-line/index.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";

/** What was typed, of the options that every command on a stack takes. */
export interface StackCommandOptions extends Selection, RouteOptions {
  readonly file: string;
  readonly azureCli?: boolean;
}

/** What to do about an issuer's name that the config leaves open and no mark remembers. */
export function unknownNameFor(goal: PlanSpec["goal"], adopt = false): UnknownName {
  if (goal === "absent") return "without";
  return adopt ? "refuse" : "choose";
}

/** Which resources a command line means. */
export function selectionOf({ only, skip, leave }: Selection): Selection {
  return defined({ only, skip, leave });
}

/** Opens the stack of a command line, hands it to `work`, and closes it in any case. */
export async function withStack<T>(
  context: CommandContext,
  options: StackCommandOptions,
  unknown: UnknownName,
  work: (stack: Stack) => Promise<T>,
): Promise<T> {
  const config = await configOf(context, options.file, unknown);
  const stack = await openStack({
    config,
    env: context.env,
    clock: context.clock,
    consent: consentOf(context),
    signal: context.signal,
    route: await routeOf(context, options),
    release: { version: packageVersion(), folder: releaseFolder() },
    select: selectionOf(options),
    azureCli: options.azureCli === true,
    notice: (text) => context.progress.line(`note: ${text}`, 6),
  });
  try {
    return await work(stack);
  } finally {
    stack.close();
  }
}
