import { type Config, loadConfig } from "../../config/index.ts";
import type { UnknownName } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";

/**
 * The config that a command line names. Where it leaves the issuer's name open, that is settled first, so that no
 * command sees a config without an issuer. Throws what `loadConfig` and `settleIssuer` throw.
 */
export function configOf(
  context: CommandContext,
  file: string,
  unknown: UnknownName = "refuse",
): Promise<Config> {
  const { env, clock, signal, progress } = context;
  return loadConfig(context.path(file), env, async (config) => {
    // All that a stack is made of, which a config with a URL does not need: the publisher's memory least of all.
    const { settleIssuer } = await import("../../stack/index.ts");
    const notice = (said: string): void => progress.line(`note: ${said}`);
    const { host, isChosen } = await settleIssuer({ config, env, clock, notice }, unknown, signal);
    if (isChosen) notice(`the name ${host} was chosen; it is remembered once up has made its records`);
    return host;
  });
}
