import { defined, type JsonRecord } from "../../src/core/base/index.ts";

/** A pod, and what injection for OpenBao makes of it; absent where it is left as it is. */
export interface OpenBaoCase {
  /** As a namespace may be called. */
  readonly name: string;
  readonly pod: JsonRecord;
  readonly injected?: JsonRecord;
}

const address = "https://bao.example.com:8200";
const key = (name: string): string => `openbao.podtrust.dev/${name}`;

const asking = (annotations: Readonly<Record<string, string>> = {}, labels?: object): JsonRecord => ({
  annotations: { [key("address")]: address, ...annotations },
  ...defined({ labels }),
});

const container = (more: object = {}): JsonRecord => ({ name: "web", image: "web", ...more });
const podOf = (metadata: JsonRecord, ...containers: readonly JsonRecord[]): JsonRecord => ({
  metadata,
  spec: { serviceAccountName: "web", containers },
});

const folder = "/var/run/secrets/openbao";
const addresses = (value = address): readonly JsonRecord[] => [
  { name: "BAO_ADDR", value },
  { name: "VAULT_ADDR", value },
];
const certificates = [
  { name: "BAO_CACERT", value: `${folder}/ca.crt` },
  { name: "VAULT_CACERT", value: `${folder}/ca.crt` },
];
const tokenFile = { name: "BAO_JWT_FILE", value: `${folder}/token` };
const mount = { name: "openbao-token", readOnly: true, mountPath: folder };

function volume(audience = address, expirationSeconds = 3600, ca?: string): JsonRecord {
  const configMap = { name: ca, items: [{ key: "ca.crt", path: "ca.crt" }] };
  const sources = [
    { serviceAccountToken: { audience, expirationSeconds, path: "token" } },
    ...(ca === undefined ? [] : [{ configMap }]),
  ];
  return { name: "openbao-token", projected: { sources } };
}

const given = (more: object = {}): JsonRecord =>
  container({ env: [...addresses(), tokenFile], volumeMounts: [mount], ...more });

function injectedOf(metadata: JsonRecord, its: JsonRecord, ...containers: readonly JsonRecord[]): JsonRecord {
  return { metadata, spec: { serviceAccountName: "web", containers, volumes: [its] } };
}

const everything = asking({
  [key("audience")]: "openbao",
  [key("ca-config-map")]: "bao-ca",
  [key("token-expiration")]: "900",
});
const unfit = asking({
  [key("audience")]: "two words",
  [key("ca-config-map")]: "No/Name",
  [key("token-expiration")]: "soon",
});
const long = asking({ [key("audience")]: "a".repeat(2049), [key("ca-config-map")]: "c".repeat(2049) });
const own = { name: "cache", emptyDir: {} };
/** A pod with a volume of its own behind others. */
const withCache = (metadata: JsonRecord, one: JsonRecord, ...before: readonly JsonRecord[]): JsonRecord => ({
  metadata,
  spec: { serviceAccountName: "web", containers: [one], volumes: [...before, own] },
});
const sidecar = { name: "sidecar", image: "sidecar", restartPolicy: "Always" };

/** The list of what may become of a pod that asks, and of one that does not. */
export const openbaoCases: readonly OpenBaoCase[] = [
  { name: "asks-for-nothing", pod: podOf({ annotations: { other: "x" } }, container()) },
  {
    name: "no-address",
    pod: podOf({ annotations: { [key("address")]: "bao.example.com" } }, container()),
  },
  {
    name: "address-too-long",
    pod: podOf({ annotations: { [key("address")]: `https://${"b".repeat(100_000)}` } }, container()),
  },
  {
    name: "values-too-long",
    pod: podOf(long, container()),
    injected: injectedOf(long, volume(), given()),
  },
  {
    name: "skipped-by-label",
    pod: podOf(asking({}, { "eks.amazonaws.com/skip-pod-identity-webhook": "true" }), container()),
  },
  {
    name: "windows",
    pod: {
      metadata: asking(),
      spec: { serviceAccountName: "web", os: { name: "windows" }, containers: [container()] },
    },
  },
  {
    name: "one-container",
    pod: podOf(asking(), container()),
    injected: injectedOf(asking(), volume(), given()),
  },
  {
    name: "everything",
    pod: podOf(everything, container()),
    injected: injectedOf(
      everything,
      volume("openbao", 900, "bao-ca"),
      container({ env: [...addresses(), ...certificates, tokenFile], volumeMounts: [mount] }),
    ),
  },
  {
    name: "values-that-do-not-fit",
    pod: podOf(unfit, container()),
    injected: injectedOf(unfit, volume(), given()),
  },
  {
    name: "too-short",
    pod: podOf(asking({ [key("token-expiration")]: "5" }), container()),
    injected: injectedOf(asking({ [key("token-expiration")]: "5" }), volume(address, 600), given()),
  },
  {
    name: "own-variables-and-mounts",
    pod: withCache(
      asking({ [key("ca-config-map")]: "bao-ca" }),
      container({
        env: [
          { name: "VAULT_ADDR", value: "https://other.example.com" },
          { name: "BAO_CACERT", value: "/own.pem" },
        ],
        volumeMounts: [{ name: "cache", mountPath: "/cache" }],
      }),
    ),
    injected: withCache(
      asking({ [key("ca-config-map")]: "bao-ca" }),
      container({
        env: [
          { name: "VAULT_ADDR", value: "https://other.example.com" },
          { name: "BAO_CACERT", value: "/own.pem" },
          tokenFile,
        ],
        volumeMounts: [{ name: "cache", mountPath: "/cache" }, mount],
      }),
      volume(address, 3600, "bao-ca"),
    ),
  },
  {
    name: "folder-taken",
    pod: {
      metadata: asking(),
      spec: {
        serviceAccountName: "web",
        containers: [container({ volumeMounts: [{ name: "cache", mountPath: `${folder}/` }] })],
        volumes: [own],
      },
    },
    injected: {
      metadata: asking(),
      spec: {
        serviceAccountName: "web",
        containers: [
          container({ env: addresses(), volumeMounts: [{ name: "cache", mountPath: `${folder}/` }] }),
        ],
        volumes: [volume(), own],
      },
    },
  },
  {
    name: "init-containers",
    pod: {
      metadata: asking(),
      spec: { serviceAccountName: "web", initContainers: [sidecar], containers: [container()] },
    },
    injected: {
      metadata: asking(),
      spec: {
        serviceAccountName: "web",
        initContainers: [{ ...sidecar, env: [...addresses(), tokenFile], volumeMounts: [mount] }],
        containers: [given()],
        volumes: [volume()],
      },
    },
  },
];
