import { defined } from "../../../core/base/index.ts";
import type { Config, MachineConfig } from "../../../config/index.ts";
import { distributions } from "../../../rules/distribution/index.ts";
import { configFile, type HostFile, type K3sSpec } from "../../../providers/host/index.ts";
import { parseIssuer } from "../../../rules/oidc/index.ts";

/** The desired k3s on a config's machine. */
export function k3sSpec(
  { stack, identity, issuer, publisher }: Config,
  { k3s, cni, cilium, ssh, apiFrom }: MachineConfig,
): K3sSpec {
  const { version, isVersionNamed, sha256, archive } = k3s;
  return {
    stack,
    identity,
    version,
    isVersionNamed,
    sha256,
    ...defined({ archive }),
    // In-cluster clients keep working with their existing tokens.
    issuers: [issuer, distributions.k3s.standardIssuer],
    jwksUri: publisher?.jwksUri ?? parseIssuer(issuer).defaultJwksUri,
    ...(cni === "cilium" ? { cilium } : {}),
    tlsSans: ssh === undefined || apiFrom.length === 0 ? [] : [ssh.address],
  };
}

/** The files of k3s on a config's machine, as they would be written; none without a machine. */
export function k3sFiles(config: Config): readonly HostFile[] {
  return config.machine === undefined ? [] : [configFile(k3sSpec(config, config.machine))];
}
