import type { Config } from "../../config/index.ts";
import { federatedParties, takesUploads, type UploadedParty } from "../../rules/oidc/index.ts";
import type { OpenUploads, PodUploads, UploadDeps, UploadsOfPods, UploadTarget } from "../targets/uploads.ts";

interface Uploader {
  readonly open: OpenUploads;
  readonly ofPods: UploadsOfPods;
}

/** One row for each relying party that may get keys by upload; loaded by a config that has its section. The others fetch. */
const uploaders: Readonly<Record<UploadedParty, () => Promise<Uploader>>> = {
  gcp: async () => (await import("./gcp.ts")).googleUploader,
};

async function uploadersOf(config: Config): Promise<readonly Uploader[]> {
  const declared = federatedParties.filter(takesUploads).filter((name) => config[name].length > 0);
  return Promise.all(declared.map((name) => uploaders[name]()));
}

/** The places that a config has keys uploaded to. */
export async function openUploads(config: Config, deps: UploadDeps): Promise<readonly UploadTarget[]> {
  return (await uploadersOf(config)).flatMap(({ open }) => open(config, deps));
}

/** What pods need for that; undefined if nothing is uploaded. The first relying party accepts their token. */
export async function podUploads(config: Config): Promise<PodUploads | undefined> {
  const found = (await uploadersOf(config)).flatMap(({ ofPods }) => ofPods(config) ?? []);
  const [first] = found;
  if (first === undefined) return undefined;
  return { ...first, sections: found.reduce((all, { sections }) => ({ ...all, ...sections }), {}) };
}
