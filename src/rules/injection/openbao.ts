import { type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { skipLabel } from "./annotations.ts";
import { annotationsOf } from "./annotated-access.ts";
import { limits, patterns } from "./patterns.ts";
import { fileIn, folderPath } from "./place.ts";
import { isWindows } from "./pod.ts";

/** Annotations of a pod that asks for OpenBao's token: a pod may mount one anyway, so that none gets more by them. */
export const openbaoAnnotations = {
  /** The server's URL. It is what asks. */
  address: "openbao.podtrust.dev/address",
  /** The token's audience, where it is not the address. */
  audience: "openbao.podtrust.dev/audience",
  /** A ConfigMap of the pod's namespace with the server's certificate authority, under `ca.crt`. */
  "ca-config-map": "openbao.podtrust.dev/ca-config-map",
  /** Seconds that the token is good for. */
  "token-expiration": "openbao.podtrust.dev/token-expiration",
} as const;

/** What fits in them; another value counts as absent. */
export const openbaoPatterns = {
  address: /^https?:\/\/[!-~]{1,1000}$/u,
  audience: /^[!-~]{1,255}$/u,
  "ca-config-map": /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u,
} as const;

/** Seconds that the token is good for where nothing else is asked: each login takes it anew. */
export const openbaoExpiration = 3600;

/** The volume with token and certificate, and where each container has it. */
export const openbaoPlace = {
  volume: "openbao-token",
  folder: "/var/run/secrets/openbao",
  token: "token",
  ca: "ca.crt",
} as const;

/**
 * Variables that only make sense together: where a container has one of a group, it gets none of it. `bao` reads those that
 * begin with BAO, clients for Vault the others. The token's file is told by a name of ours, since no client knows one.
 */
export const openbaoVariables = {
  address: ["BAO_ADDR", "VAULT_ADDR"],
  ca: ["BAO_CACERT", "VAULT_CACERT"],
  token: ["BAO_JWT_FILE"],
} as const;

/** What a pod asks for. */
interface OpenBaoAccess {
  readonly address: string;
  readonly audience: string;
  readonly caConfigMap: string | undefined;
  readonly expirationSeconds: number;
}

function expirationOf(text: string): number {
  if (!patterns.integer.test(text)) return openbaoExpiration;
  return Math.min(Math.max(Number(text), limits.minExpiration), limits.maxExpiration);
}

/**
 * Undefined for a pod that does not ask, for one that wants nothing injected, and for one on Windows, where the paths are
 * others.
 */
function accessOf(pod: JsonRecord): OpenBaoAccess | undefined {
  const annotations = annotationsOf(pod);
  const said = (name: keyof typeof openbaoAnnotations): string =>
    textOf(annotations[openbaoAnnotations[name]]) ?? "";
  const fitting = (name: keyof typeof openbaoPatterns): string | undefined =>
    openbaoPatterns[name].test(said(name)) ? said(name) : undefined;
  const address = fitting("address");
  const labels = recordOf(recordOf(pod["metadata"])["labels"]);
  const isLeft = labels[skipLabel] !== undefined || isWindows(recordOf(pod["spec"]));
  if (address === undefined || isLeft) return undefined;
  return {
    address,
    audience: fitting("audience") ?? address,
    caConfigMap: fitting("ca-config-map"),
    expirationSeconds: expirationOf(said("token-expiration")),
  };
}

function volumeOf({ audience, expirationSeconds, caConfigMap }: OpenBaoAccess): JsonRecord {
  const { volume, token, ca } = openbaoPlace;
  const configMap = { name: caConfigMap, items: [{ key: ca, path: ca }] };
  const sources = [
    { serviceAccountToken: { audience, expirationSeconds, path: token } },
    ...(caConfigMap === undefined ? [] : [{ configMap }]),
  ];
  return { name: volume, projected: { sources } };
}

/** A container with mount and variables; the same object where it has all of it. */
function injectContainer(container: JsonRecord, access: OpenBaoAccess): JsonRecord {
  const { volume, folder, token, ca } = openbaoPlace;
  const mounts = recordsOf(container["volumeMounts"]);
  const there = mounts.filter(({ mountPath }) => folderPath(String(mountPath)) === folder);
  const hasFiles = there.length === 0 || there.some(({ name }) => name === volume);
  const present = new Set(recordsOf(container["env"]).map(({ name }) => name));
  const group = (names: readonly string[], value: string): readonly JsonRecord[] =>
    names.some((name) => present.has(name)) ? [] : names.map((name) => ({ name, value }));
  const added = [
    ...group(openbaoVariables.address, access.address),
    ...(hasFiles && access.caConfigMap !== undefined ? group(openbaoVariables.ca, fileIn(folder, ca)) : []),
    ...(hasFiles ? group(openbaoVariables.token, fileIn(folder, token)) : []),
  ];
  const mount = { name: volume, readOnly: true, mountPath: folder };
  const withVariables =
    added.length === 0 ? container : { ...container, env: [...recordsOf(container["env"]), ...added] };
  return there.length > 0 ? withVariables : { ...withVariables, volumeMounts: [...mounts, mount] };
}

/**
 * A pod with OpenBao's token for those who ask by annotation, beside whatever else it has: a volume of its own, with a token
 * for this audience alone, and the variables of its clients. What is there already stays. Given its own result it gives
 * back the same object, as it does for a pod that does not ask.
 */
export function injectOpenBao(pod: JsonRecord): JsonRecord {
  const access = accessOf(pod);
  if (access === undefined) return pod;
  const before = recordOf(pod["spec"]);
  let spec = before;
  for (const key of ["initContainers", "containers"]) {
    const containers = recordsOf(spec[key]);
    const injected = containers.map((one) => injectContainer(one, access));
    if (injected.some((one, index) => one !== containers[index])) spec = { ...spec, [key]: injected };
  }
  const volumes = recordsOf(spec["volumes"]);
  if (!volumes.some(({ name }) => name === openbaoPlace.volume))
    spec = { ...spec, volumes: [volumeOf(access), ...volumes] };
  return spec === before ? pod : { ...pod, spec };
}
