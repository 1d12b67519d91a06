import { type JsonRecord, textOf } from "../../core/base/index.ts";
import { annotationsOf } from "./annotated-access.ts";
import { type Expiration, secondsOf } from "./annotation-reading.ts";
import { limits } from "./patterns.ts";
import { fileIn } from "./mount-paths.ts";
import { injectToken, isLeftAlone, type TokenInjection } from "./token.ts";

/** Annotations of a pod that asks for OpenBao's token: a pod may mount one anyway, so they give no pod more rights. */
export const openbaoAnnotations = {
  /** The server's URL. A pod with it asks. */
  address: "openbao.podtrust.dev/address",
  /** The token's audience, where it is not the address. */
  audience: "openbao.podtrust.dev/audience",
  /** A ConfigMap of the pod's namespace with the server's certificate authority, under `ca.crt`. */
  "ca-config-map": "openbao.podtrust.dev/ca-config-map",
  /** Seconds that the token is good for. */
  "token-expiration": "openbao.podtrust.dev/token-expiration",
} as const;

/** Valid values; any other counts as absent. */
export const openbaoPatterns = {
  address: /^https?:\/\/[!-~]{1,1000}$/u,
  audience: /^[!-~]{1,255}$/u,
  "ca-config-map": /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u,
} as const;

/** Each login reads the token again. */
export const openbaoExpiration: Expiration = {
  default: 3600,
  min: limits.minExpiration,
  max: limits.maxExpiration,
};

/** The volume with token and certificate, and where each container mounts it. */
export const openbaoMount = {
  volume: "openbao-token",
  folder: "/var/run/secrets/openbao",
  token: "token",
  ca: "ca.crt",
} as const;

/**
 * Variables that only make sense together: where a container has one of a group, it gets none of it. `bao` reads those
 * that begin with BAO, clients for Vault the others. The token's file has a variable of ours, since no client defines
 * one.
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
  if (address === undefined || isLeftAlone(pod)) return undefined;
  return {
    address,
    audience: fitting("audience") ?? address,
    caConfigMap: fitting("ca-config-map"),
    expirationSeconds: secondsOf(said("token-expiration"), openbaoExpiration),
  };
}

function injectionOf({ address, audience, caConfigMap, expirationSeconds }: OpenBaoAccess): TokenInjection {
  const { volume, folder, token, ca } = openbaoMount;
  const configMap = { name: caConfigMap, items: [{ key: ca, path: ca }] };
  const hasCa = caConfigMap !== undefined;
  const sources = [
    { serviceAccountToken: { audience, expirationSeconds, path: token } },
    ...(hasCa ? [{ configMap }] : []),
  ];
  const certificate = { names: openbaoVariables.ca, value: fileIn(folder, ca), isFile: true };
  return {
    volume: { name: volume, projected: { sources } },
    folder,
    variables: [
      { names: openbaoVariables.address, value: address, isFile: false },
      ...(hasCa ? [certificate] : []),
      { names: openbaoVariables.token, value: fileIn(folder, token), isFile: true },
    ],
    skipped: [],
  };
}

/**
 * A pod with OpenBao's token where annotations ask for it, beside whatever else it has: a volume of its own, with a
 * token for this audience alone, and the variables of its clients. What exists already stays. Given its own result it
 * returns the same object, as it does for a pod that does not ask.
 */
export function injectOpenBao(pod: JsonRecord): JsonRecord {
  const access = accessOf(pod);
  return access === undefined ? pod : injectToken(pod, injectionOf(access));
}
