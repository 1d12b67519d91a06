import { z } from "zod";
import { defined, durationText, mapped, parseDuration } from "../../core/base/index.ts";
import { parseListen } from "./listen.ts";

/** What the reference page and the error of one key say. */
export interface Leaf {
  /** What the key is for. */
  readonly what: string;
  /** What it accepts, as the end of the sentence "accepted: …". */
  readonly accepted: string;
  readonly example?: unknown;
  /** The default, in words or as the value. */
  readonly standard?: string;
}

const meta = ({ what, accepted, example, standard }: Leaf): Record<string, unknown> => ({
  description: `${what} Accepted: ${accepted}.${standard === undefined ? "" : ` Default: ${standard}.`}`,
  ...defined({ examples: mapped(example, (one) => [one]) }),
});

/** Text that matches a pattern. A wrong type and a wrong form get the same answer: what is accepted. */
export function text(leaf: Leaf, pattern: RegExp): z.ZodString {
  return z.string({ error: leaf.accepted }).regex(pattern, { error: leaf.accepted }).meta(meta(leaf));
}

/** The name of a file; relative to the config file, `~/` is the home directory. */
export function file(what: string, example?: string): z.ZodString {
  const accepted = "a file name (relative to this file, or absolute, or beginning with ~/)";
  return text({ what, accepted, ...defined({ example }) }, /^[^\0\n]{1,4096}$/u);
}

/** A duration between two bounds, in milliseconds, both included. */
export function duration(leaf: Omit<Leaf, "accepted">, from: number, to: number): z.ZodString {
  const accepted = `a duration such as 90s, 10m, 24h or 1h30m, from ${durationText(from)} to ${durationText(to)}`;
  return z
    .string({ error: accepted })
    .refine(
      (value) => {
        const ms = parseDuration(value);
        return ms !== undefined && ms >= from && ms <= to;
      },
      { error: accepted },
    )
    .meta(meta({ ...leaf, accepted }));
}

const listenAccepted =
  "an address and a port such as [::]:443, 0.0.0.0:443 or 127.0.0.1:9890, or systemd:NAME for a socket that systemd opened";

/** One address to listen on. */
export function listen(leaf: Omit<Leaf, "accepted">): z.ZodString {
  return z
    .string({ error: listenAccepted })
    .refine((value) => parseListen(value) !== undefined, { error: listenAccepted })
    .meta(meta({ ...leaf, accepted: listenAccepted }));
}

/** A URL with https. */
export function httpsUrl(leaf: Leaf): z.ZodString {
  return z
    .string({ error: leaf.accepted })
    .max(2048, { error: leaf.accepted })
    .refine((value) => URL.canParse(value) && new URL(value).protocol === "https:", { error: leaf.accepted })
    .meta(meta(leaf));
}

/** A list with bounds; what it accepts is said for the list as a whole. */
export function list<T extends z.ZodType>(
  leaf: Leaf,
  item: T,
  bounds: { readonly min?: number; readonly max: number },
): z.ZodArray<T> {
  return z
    .array(item, { error: leaf.accepted })
    .min(bounds.min ?? 0, { error: leaf.accepted })
    .max(bounds.max, { error: leaf.accepted })
    .meta(meta(leaf));
}

/** A section: an object that accepts exactly these keys. */
export function section<S extends z.core.$ZodShape>(what: string, shape: S): z.ZodObject<S, z.core.$strict> {
  const accepted = `a section with ${Object.keys(shape).join(", ")}`;
  return z
    .strictObject(shape, { error: (issue) => (issue.code === "invalid_type" ? accepted : undefined) })
    .meta({ description: what });
}
