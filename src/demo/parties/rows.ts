import { nearest, PodtrustError } from "../../core/base/index.ts";
import type { RelyingPartyName } from "../../rules/oidc/index.ts";
import type { DemoParty } from "./party.ts";

/** One row for each relying party that the demo shows, in the order in which it does; loaded for who asks for it. */
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

/** The relying parties of a list as `aws,gcp`, each once and in the demo's order. Throws `usage`. */
export async function partiesOf(list: string): Promise<readonly DemoParty[]> {
  const wanted = new Set(list.split(",").map((text) => nameOf(text.trim())));
  return Promise.all(names.filter((name) => wanted.has(name)).map((name) => rows[name]()));
}
