import { type ConfigSource, placeOf } from "../places.ts";
import type { CiliumConfig, HetznerMachine, K3sConfig, MachineConfig, SshMachine } from "./config.ts";
import { newestCilium, newestK3s } from "./releases.ts";
import type { HetznerInput, MachineInput, SshMachineInput } from "./schema.ts";

function resolveSsh({ address, user, port = 22, hostKey, proxyJump }: SshMachineInput): SshMachine {
  return {
    address,
    user,
    port,
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(proxyJump === undefined ? {} : { proxyJump }),
  };
}

function resolveHetzner(input: HetznerInput, { file, env }: ConfigSource): HetznerMachine {
  const { type, location, image = "ubuntu-24.04", ipv4 = true, ipv6 = true } = input;
  const { tokenFile, sshFrom, addressServices } = input;
  return {
    type,
    location,
    image,
    ipv4,
    ipv6,
    ...(tokenFile === undefined ? {} : { tokenFile: placeOf(tokenFile, file, env) }),
    ...(sshFrom === undefined ? {} : { sshFrom }),
    ...(addressServices === undefined ? {} : { addressServices }),
  };
}

function resolveK3s({ k3s = {} }: MachineInput, { file, env }: ConfigSource): K3sConfig {
  const { version = newestK3s.version, sha256 = {}, archive } = k3s;
  const known = version === newestK3s.version ? newestK3s.sha256 : {};
  const given = Object.entries(sha256).filter(([, value]) => value !== undefined);
  return {
    version,
    sha256: { ...known, ...Object.fromEntries(given) },
    ...(archive === undefined ? {} : { archive: placeOf(archive, file, env) }),
  };
}

function resolveCilium({ cilium = {} }: MachineInput, { file, env }: ConfigSource): CiliumConfig {
  const { version = newestCilium.version, sha256 = newestCilium.sha256, archive } = cilium;
  return { version, sha256, ...(archive === undefined ? {} : { archive: placeOf(archive, file, env) }) };
}

/** The section with defaults filled in and names made absolute. */
export function resolveMachine(input: MachineInput, source: ConfigSource): MachineConfig {
  const { hetzner, ssh, sshKey, protect = false, cni = "cilium", apiFrom = [] } = input;
  return {
    ...(hetzner === undefined ? {} : { hetzner: resolveHetzner(hetzner, source) }),
    ...(ssh === undefined ? {} : { ssh: resolveSsh(ssh) }),
    protect,
    user: input.user ?? ssh?.user ?? "k8s",
    ...(sshKey === undefined ? {} : { sshKey: placeOf(sshKey, source.file, source.env) }),
    k3s: resolveK3s(input, source),
    cni,
    cilium: resolveCilium(input, source),
    apiFrom,
  };
}
