import { nearest, PodtrustError } from "../../core/base/index.ts";
import type { RelyingPartyName } from "../../rules/oidc/index.ts";
import type { DemoParty } from "./party.ts";

/** One row for each relying party that the demo shows, in its order. Without --for none of them is loaded. */
const rows = {
  aws: async () => (await import("./aws.ts")).awsParty,
  gcp: async () => (await import("./gcp.ts")).gcpParty,
  azure: async () => (await import("./azure.ts")).azureParty,
  openbao: async () => (await import("./openbao.ts")).openbaoParty,
} as const satisfies Readonly<Record<RelyingPartyName, () => Promise<DemoParty>>>;

const names = Object.keys(rows) as readonly RelyingPartyName[];

function nameOf(text: string): RelyingPartyName {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  const near = nearest(text, names);
  throw new PodtrustError("usage", `--for ${text} is none of ${names.join(", ")}`, {
    next: near === undefined ? `Give some of ${names.join(", ")}.` : `Did you mean ${near}?`,
  });
}

/** Those of a list as `aws,gcp`, and the others; each once and in the demo's order. */
export interface ListedParties {
  readonly listed: readonly DemoParty[];
  readonly others: readonly DemoParty[];
}

/** Reads a list of relying parties. Throws `usage` for an unknown name. */
export async function partiesOf(list: string): Promise<ListedParties> {
  const wanted = new Set<string>(list.split(",").map((text) => nameOf(text.trim())));
  const all = await Promise.all(names.map((name) => rows[name]()));
  return {
    listed: all.filter(({ name }) => wanted.has(name)),
    others: all.filter(({ name }) => !wanted.has(name)),
  };
}
