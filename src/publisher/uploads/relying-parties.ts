import type { Config } from "../../config/index.ts";
import { federatedParties, type FederatedParty } from "../../rules/oidc/index.ts";
import type { OpenUploads, UploadDeps, UploadTarget } from "./target.ts";

/** One row for each relying party that may be given keys; loaded by a config that has its section. The others fetch. */
const uploaders: Readonly<Partial<Record<FederatedParty, () => Promise<OpenUploads>>>> = {
  gcp: async () => (await import("./gcp.ts")).googleUploads,
};

/** The places that a config has keys uploaded to. */
export async function openUploads(config: Config, deps: UploadDeps): Promise<readonly UploadTarget[]> {
  const declared = federatedParties.filter((name) => config[name].length > 0);
  const opened = declared.flatMap((name) => uploaders[name] ?? []);
  return (await Promise.all(opened.map(async (load) => (await load())(config, deps)))).flat();
}
