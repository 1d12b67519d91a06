import { defined, mapped, PodtrustError, shellWord } from "../../core/base/index.ts";
import { replaceText } from "../../core/files/index.ts";
import {
  cloudVariants,
  type StandInClouds,
  type StandInCloudsOptions,
  startStandInClouds,
} from "../index.ts";
import type { ActionContext } from "../../core/command-line/index.ts";

/** The command-line options for clouds. */
export interface CloudOptions {
  readonly clouds?: boolean;
  readonly cloudZone?: readonly string[];
  readonly cloudMischief?: string;
  readonly cloudVariant?: readonly string[];
}

/** `0.05`, `off`, and either with a lag in seconds behind it: `off,lag=4`. */
function mischiefOf(text: string): Pick<StandInCloudsOptions, "mischief" | "lag"> {
  const [, share = "", seconds] = /^([^,]+)(?:,lag=(\d{1,4}))?$/u.exec(text) ?? [];
  const rate = share === "off" ? 0 : Number(share === "" ? Number.NaN : share);
  if (rate >= 0 && rate <= 1)
    return { mischief: rate, ...defined({ lag: mapped(seconds, (one) => Number(one) * 1000) }) };
  throw new PodtrustError("usage", `--cloud-mischief ${text} is not a rate`, {
    next: "Give a number between 0 and 1, as 0.05, or off. Lists that lag four seconds: off,lag=4.",
  });
}

function variantsOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [name = "", value, ...rest] = text.split("=");
      if (value !== undefined && rest.length === 0) return [name, value];
      throw new PodtrustError("usage", `--cloud-variant ${text} is not NAME=VALUE`, {
        next: `One of ${Object.keys(cloudVariants).join(", ")}, as hetzner.readOnlyRefusal=token_readonly.`,
      });
    }),
  );
}

/** Starts the requested stand-ins for clouds. Throws `usage` for invalid options. */
export async function startClouds(
  context: ActionContext,
  typed: CloudOptions,
): Promise<StandInClouds | undefined> {
  const { clouds, cloudZone, cloudMischief, cloudVariant = [] } = typed;
  const isAsked = clouds === true;
  if (!isAsked && (cloudZone ?? cloudMischief) === undefined && cloudVariant.length === 0) return undefined;
  if (!isAsked) {
    throw new PodtrustError("usage", "options of the clouds were given without --clouds", {
      next: "Add --clouds.",
    });
  }
  return startStandInClouds({
    clock: context.clock,
    logger: context.logger(),
    variants: variantsOf(cloudVariant),
    ...defined({ zones: cloudZone }),
    ...mapped(cloudMischief, mischiefOf),
  });
}

/** Writes what points clients at the clouds as a file for a POSIX shell, mode 0600: it holds their tokens. */
export async function writeCloudEnvironment(path: string, { environment }: StandInClouds): Promise<void> {
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${shellWord(value)}\n`);
  await replaceText(path, lines.join(""));
}
