import type { z } from "zod";
import { type Leaf, list, text } from "./leaf.ts";

const pattern = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?";

/** ServiceAccounts of the cluster, as NAMESPACE/NAME; `more` of what a section's own list says. */
export function serviceAccounts(
  what: string,
  more: { readonly accepted: string; readonly next?: string; readonly min?: number; readonly max: number },
): z.ZodArray<z.ZodString> {
  const leaf: Leaf = { what, accepted: more.accepted, example: ["aws-test/demo-service-account"] };
  const item = text(
    { what: "A ServiceAccount.", accepted: `NAMESPACE/NAME without wildcards${more.next ?? ""}` },
    new RegExp(`^${pattern}$`, "u"),
  );
  return list(leaf, item, { min: more.min ?? 0, max: more.max });
}
