import { PodtrustError } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { yamlText } from "../../core/yaml/index.ts";
import { podUploads } from "./relying-parties.ts";
import type { PodUploads } from "../targets/uploads.ts";

/** What an operator in the cluster needs to upload keys. */
export interface KeeperPods extends Pick<PodUploads, "provider" | "audience"> {
  /** The pods' config file. */
  readonly config: string;
}

/** Throws `usage` for a config whose publisher uploads the keys. */
export function checkKept({ publisher, file }: Pick<Config, "publisher" | "file">): void {
  if (publisher === undefined) return;
  throw new PodtrustError("usage", `${file} has a publisher, which uploads the keys itself`, {
    next: "Give podtrust serve the credentials, and leave --keys out. Two that remember different keys would undo each other's work.",
  });
}

/** For a config without a publisher, what its operator needs. Throws `usage` for one that uploads nothing. */
export async function keeperPods(config: Config): Promise<KeeperPods> {
  checkKept(config);
  const found = await podUploads(config);
  if (found === undefined)
    throw new PodtrustError("usage", `${config.file} has no keys uploaded anywhere`, {
      next: "Leave --keys out: the relying parties fetch the keys. The section gcp uploads them with keys: upload.",
    });
  const { stack, identity, issuer } = config;
  const { sections, provider, audience } = found;
  return { config: yamlText({ stack, identity, issuer, ...sections }), provider, audience };
}
