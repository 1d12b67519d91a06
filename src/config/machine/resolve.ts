import { defined, mapped } from "../../core/base/index.ts";
import { type ConfigSource, absolutePath } from "../paths.ts";
import type {
  CiliumCliConfig,
  CiliumConfig,
  HetznerMachine,
  K3sConfig,
  MachineConfig,
  SshMachine,
} from "./config.ts";
import { newestCilium, newestK3s } from "./releases.ts";
import type { CiliumCliInput, HetznerInput, MachineInput, SshMachineInput } from "./schema.ts";

type Architecture = keyof K3sConfig["sha256"];

/** An existing machine, with its defaults filled in. */
export function resolveSsh({ address, user, port = 22, hostKey, proxyJump }: SshMachineInput): SshMachine {
  return {
    address,
    user,
    port,
    ...defined({ hostKey, proxyJump }),
  };
}

/** What a key has that takes one or several; the schema has seen to it that it is not empty. */
function several(given: string | readonly string[]): readonly [string, ...string[]] {
  const [first, ...others] = typeof given === "string" ? [given] : given;
  if (first === undefined) throw new TypeError("an empty list is no choice");
  return [first, ...new Set(others.filter((one) => one !== first))];
}

function resolveHetzner(input: HetznerInput, { file, env }: ConfigSource): HetznerMachine {
  const { image = "ubuntu-24.04", ipv4 = true, ipv6 = true } = input;
  const [types, locations] = [several(input.type), several(input.location)];
  const { tokenFile, sshFrom, addressServices } = input;
  return {
    type: types[0],
    types,
    location: locations[0],
    locations,
    image,
    ipv4,
    ipv6,
    ...defined({
      tokenFile: mapped(tokenFile, (path) => absolutePath(path, file, env)),
      sshFrom,
      addressServices,
    }),
  };
}

/** Without the architectures that are named with nothing. */
function givenSums(sha256: {
  readonly [Name in Architecture]?: string | undefined;
}): Readonly<Partial<Record<Architecture, string>>> {
  return Object.fromEntries(Object.entries(sha256).filter(([, value]) => value !== undefined));
}

function resolveK3s({ k3s = {} }: MachineInput, { file, env }: ConfigSource): K3sConfig {
  const { version = newestK3s.version, sha256 = {}, archive } = k3s;
  const known = version === newestK3s.version ? newestK3s.sha256 : {};
  return {
    version,
    isVersionNamed: k3s.version !== undefined,
    sha256: { ...known, ...givenSums(sha256) },
    ...defined({ archive: mapped(archive, (path) => absolutePath(path, file, env)) }),
  };
}

function resolveCli(
  { version, sha256 = {}, archive }: CiliumCliInput,
  { file, env }: ConfigSource,
): CiliumCliConfig {
  return {
    version,
    sha256: givenSums(sha256),
    ...defined({ archive: mapped(archive, (path) => absolutePath(path, file, env)) }),
  };
}

function resolveCilium({ cilium = {} }: MachineInput, source: ConfigSource): CiliumConfig {
  const { version = newestCilium.version, sha256 = newestCilium.sha256, archive, cli } = cilium;
  return {
    version,
    sha256,
    ...defined({
      archive: mapped(archive, (path) => absolutePath(path, source.file, source.env)),
      cli: mapped(cli, (given) => resolveCli(given, source)),
    }),
  };
}

/** The section with defaults filled in and names made absolute. */
export function resolveMachine(input: MachineInput, source: ConfigSource): MachineConfig {
  const { hetzner, ssh, sshKey, protect = false, cni = "cilium", apiFrom = [] } = input;
  return {
    ...defined({
      hetzner: mapped(hetzner, (section) => resolveHetzner(section, source)),
      ssh: mapped(ssh, resolveSsh),
    }),
    protect,
    user: input.user ?? ssh?.user ?? "k8s",
    ...defined({ sshKey: mapped(sshKey, (path) => absolutePath(path, source.file, source.env)) }),
    k3s: resolveK3s(input, source),
    cni,
    cilium: resolveCilium(input, source),
    apiFrom,
  };
}
