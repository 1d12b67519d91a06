import type { Naming } from "../context.ts";

/** Settles the name by all that a stack is made of, which a config with a URL does not need: a publisher's memory least. */
export const nameByStack: Naming = async (context, config, unknown) => {
  const { settleIssuer } = await import("../../stack/index.ts");
  const { env, clock, signal, progress } = context;
  const notice = (said: string): void => progress.line(`note: ${said}`, 6);
  const name = await settleIssuer({ config, env, clock, notice }, unknown, signal);
  if (name.isNew && unknown === "choose")
    notice(`the name ${name.host} was chosen; it is remembered once up has made its records`);
  return name;
};
