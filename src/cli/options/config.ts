import { type Config, type IssuerName, loadConfig } from "../../config/index.ts";
import type { UnknownName } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";

/**
 * The config that a command line names. If it leaves the issuer's name open, that is settled first, so that
 * no command sees a config without an issuer. Throws what `loadConfig` and `settleIssuer` throw.
 */
export function configOf(
  context: CommandContext,
  file: string,
  unknown: UnknownName = "refuse",
): Promise<Config> {
  const { naming } = context;
  const name =
    naming === undefined
      ? undefined
      : (config: Parameters<typeof naming>[1]): Promise<IssuerName> => naming(context, config, unknown);
  return loadConfig(context.path(file), context.env, name);
}
