import { defined } from "../../../core/base/index.ts";
import { type Config, publisherOf } from "../../../config/index.ts";
import {
  findReleases,
  hostConfig,
  hostLayout,
  publisherUnits,
  type HostPublisherSpec,
  unitNames,
} from "../../../providers/host/index.ts";
import type { PartContext, PublisherRelease } from "../part.ts";

/** Where k3s stores its administrator's kubeconfig, readable by root only. */
const adminKubeconfig = "/etc/rancher/k3s/k3s.yaml";

/** The desired publisher on a config's machine. Throws what `hostConfig` and `findReleases` throw. */
export async function publisherSpec(
  context: PartContext,
  release: PublisherRelease,
): Promise<HostPublisherSpec> {
  const { config } = context;
  const { stack, identity, issuer } = config;
  const layout = hostLayout();
  const { files, credentials, https, http, backupFolder } = await hostConfig(config, layout, context);
  const { release: folder = release.folder } = publisherOf(config);
  const units = publisherUnits({
    stack,
    layout,
    https,
    http,
    credentials,
    adminKubeconfig,
    ...defined({ backupFolder }),
  });
  const unitFiles = [...units].map(([name, text]) => ({
    path: `${layout.units}/${name}`,
    text,
    mode: 0o644,
    owner: "root:root",
    field: `unit ${name}`,
  }));
  return {
    stack,
    identity,
    issuer,
    layout,
    version: release.version,
    releases: await findReleases(folder, release.version),
    files: [...files, ...unitFiles],
    enabled: [
      unitNames.publisher,
      unitNames.https,
      ...(http.length === 0 ? [] : [unitNames.http]),
      unitNames.timer,
    ],
  };
}

/** The same for the way down: found by its marks, whatever its content. */
export function specToDelete({ stack, identity, issuer }: Config): HostPublisherSpec {
  return {
    stack,
    identity,
    issuer,
    layout: hostLayout(),
    version: "",
    releases: new Map(),
    files: [],
    enabled: [],
  };
}
