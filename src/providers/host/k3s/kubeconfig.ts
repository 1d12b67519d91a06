import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { isRecord, type JsonRecord, pemOf, PodtrustError } from "../../../core/base/index.ts";
import { readYaml } from "../../../core/yaml/index.ts";

/** Where k3s writes its administrator's kubeconfig. */
export const k3sKubeconfigPath = "/etc/rancher/k3s/k3s.yaml";

/** How the administrator of k3s authenticates, PEM. */
export type K3sUser = { readonly certificate: string; readonly key: string } | { readonly token: string };

/** What is taken from a kubeconfig that k3s wrote: everything else in our kubeconfig is our own. */
export interface K3sKubeconfig {
  /** The CA or CAs of the API server, PEM. */
  readonly ca: string;
  /** The API's port on the machine's loopback. */
  readonly port: number;
  readonly user: K3sUser;
}

// Far above what k3s writes, and far below what takes time.
const bounds = { bytes: 256 * 1024, depth: 16, tokens: 10_000 } as const;
const maxDerBytes = 16 * 1024;
const maxCertificates = 16;
const maxTokenChars = 16 * 1024;
const maxRsaBits = 8192;
const maxShownName = 60;

function refusal(member: string, what: string, accepted: string): PodtrustError {
  return new PodtrustError(
    "machine-kubeconfig",
    `${k3sKubeconfigPath} of the machine: ${member} ${what}; accepted is ${accepted}`,
    { detail: { member } },
  );
}

/** The mapping at `member`, with no other keys than these: k3s does not write what else a kubeconfig may hold. */
function mappingOf(value: unknown, member: string, keys: readonly string[]): JsonRecord {
  if (!isRecord(value)) throw refusal(member || "it", "is no mapping", `one of ${keys.join(", ")}`);
  const foreign = Object.keys(value).find((key) => !keys.includes(key));
  if (foreign === undefined) return value;
  const name = foreign.length > maxShownName ? `${foreign.slice(0, maxShownName)}…` : foreign;
  const path = member === "" ? name : `${member}.${name}`;
  throw refusal(path, "is none of what k3s writes there", keys.join(", "));
}

/** What the only entry of a list holds under `inner`; its name is ignored. */
function onlyEntry(root: JsonRecord, list: string, inner: string, keys: readonly string[]): JsonRecord {
  const value = root[list];
  const count = Array.isArray(value) ? value.length : 0;
  if (!Array.isArray(value) || count !== 1) throw refusal(list, `has ${count} entries`, "one entry");
  const member = `${list}[0]`;
  const entry = mappingOf(value[0], member, ["name", inner]);
  return mappingOf(entry[inner], `${member}.${inner}`, keys);
}

function textAt(values: JsonRecord, key: string, member: string, accepted: string): string {
  const value = values[key];
  if (typeof value === "string" && value !== "") return value;
  throw refusal(`${member}.${key}`, value === undefined ? "is missing" : "is no text", accepted);
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/u;

interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/** The blocks of a text that is PEM and nothing else (RFC 7468 §2, without explanatory text); undefined for any other. */
function pemBlocks(text: string): readonly PemBlock[] | undefined {
  const blocks: PemBlock[] = [];
  let lines: string[] | undefined;
  let label = "";
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (lines === undefined) {
      if (line === "") continue;
      if (!line.startsWith("-----BEGIN ") || !line.endsWith("-----")) return undefined;
      label = line.slice("-----BEGIN ".length, -"-----".length);
      lines = [];
    } else if (line === `-----END ${label}-----`) {
      const body = lines.join("");
      if (!base64.test(body)) return undefined;
      blocks.push({ label, der: Buffer.from(body, "base64") });
      lines = undefined;
    } else lines.push(line);
  }
  return lines === undefined ? blocks : undefined;
}

function blocksAt(values: JsonRecord, key: string, member: string, accepted: string): readonly PemBlock[] {
  const text = textAt(values, key, member, accepted);
  const blocks = base64.test(text) ? pemBlocks(Buffer.from(text, "base64").toString("latin1")) : undefined;
  if (blocks === undefined || blocks.length === 0)
    throw refusal(`${member}.${key}`, "is no base64 of PEM", accepted);
  if (blocks.length > maxCertificates || blocks.some(({ der }) => der.length > maxDerBytes))
    throw refusal(`${member}.${key}`, "is larger than any that k3s writes", accepted);
  return blocks;
}

/** The certificates under a key, in their order, as they were understood. */
function certificatesAt(values: JsonRecord, key: string, member: string): readonly X509Certificate[] {
  const accepted = `base64 of 1 to ${maxCertificates} X.509 certificates in PEM`;
  return blocksAt(values, key, member, accepted).map(({ label, der }) => {
    if (label !== "CERTIFICATE") throw refusal(`${member}.${key}`, "holds what is no certificate", accepted);
    try {
      return new X509Certificate(der);
    } catch {
      throw refusal(`${member}.${key}`, "is no X.509 certificate", accepted);
    }
  });
}

const keyTypes: Readonly<Record<string, "pkcs1" | "pkcs8" | "sec1">> = {
  "EC PRIVATE KEY": "sec1",
  "RSA PRIVATE KEY": "pkcs1",
  "PRIVATE KEY": "pkcs8",
};

function isSupportedKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === "rsa") return (asymmetricKeyDetails?.modulusLength ?? Infinity) <= maxRsaBits;
  return asymmetricKeyType === "ec" || asymmetricKeyType === "ed25519";
}

function keyAt(values: JsonRecord, key: string, member: string): KeyObject {
  const accepted = "base64 of one private key in PEM: EC, Ed25519 or RSA, not encrypted";
  const [block, ...more] = blocksAt(values, key, member, accepted);
  const type = block === undefined || more.length > 0 ? undefined : keyTypes[block.label];
  if (block === undefined || type === undefined)
    throw refusal(`${member}.${key}`, "is no private key", accepted);
  let parsed: KeyObject | undefined;
  try {
    parsed = createPrivateKey({ key: block.der, format: "der", type });
  } catch {
    // OpenSSL's message would not help the reader.
  }
  if (parsed === undefined || !isSupportedKey(parsed))
    throw refusal(`${member}.${key}`, "is no private key", accepted);
  return parsed;
}

const certificatePem = (certificates: readonly X509Certificate[]): string =>
  certificates.map(({ raw }) => pemOf("CERTIFICATE", raw)).join("");

function userOf(values: JsonRecord, member: string): K3sUser {
  if (values["token"] !== undefined) {
    // RFC 6750 §2.1: one token68 word.
    const accepted = "a bearer token alone, or a client certificate and its key";
    const token = textAt(values, "token", member, accepted);
    const isAlone = Object.keys(values).length === 1;
    if (!isAlone || token.length > maxTokenChars || !/^[\w.~+/-]+=*$/u.test(token))
      throw refusal(`${member}.token`, isAlone ? "is no bearer token" : "stands beside others", accepted);
    return { token };
  }
  const certificates = certificatesAt(values, "client-certificate-data", member);
  const key = keyAt(values, "client-key-data", member);
  if (certificates[0]?.checkPrivateKey(key) !== true)
    throw refusal(`${member}.client-key-data`, "is not the key of the certificate", "the certificate's key");
  return {
    certificate: certificatePem(certificates),
    key: pemOf("PRIVATE KEY", key.export({ type: "pkcs8", format: "der" })),
  };
}

/** What k3s writes, and no other name of loopback. */
const k3sHosts: readonly string[] = ["127.0.0.1", "[::1]"];

/** Only the port is taken from the server's URL. */
function portOf(server: string, member: string): number {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  const isBare = url !== undefined && server.length < 100 && url.href === `${url.origin}/`;
  if (url === undefined || !isBare || !k3sHosts.includes(url.hostname) || url.protocol !== "https:")
    throw refusal(`${member}.server`, "is not the machine's own loopback", "https://127.0.0.1:PORT");
  return url.port === "" ? 443 : Number(url.port);
}

/**
 * Reads the kubeconfig of a machine's k3s. It comes from a machine that may be compromised, and a kubeconfig can make
 * its user run programs, read files and send requests: so it may contain only what k3s writes (one cluster with its CA,
 * one user with a client certificate and key, or a token), each parsed here and encoded anew. The names in it, and the
 * host of its server, are not used. Pure. Throws `machine-kubeconfig` with the member that is refused; no value of it
 * is repeated.
 */
export function readK3sKubeconfig(text: string): K3sKubeconfig {
  const read = readYaml(text, bounds);
  if ("problems" in read) {
    const [problem] = read.problems;
    const what = problem?.bound === true ? problem.message : `is no YAML in line ${problem?.line ?? 1}`;
    throw refusal("it", what, "the file that k3s writes");
  }
  const rootKeys = ["apiVersion", "kind", "current-context", "clusters", "contexts", "users", "preferences"];
  const root = mappingOf(read.value, "", rootKeys);
  if (root["preferences"] !== undefined) mappingOf(root["preferences"], "preferences", []);
  onlyEntry(root, "contexts", "context", ["cluster", "user"]);
  const inCluster = "clusters[0].cluster";
  const cluster = onlyEntry(root, "clusters", "cluster", ["server", "certificate-authority-data"]);
  const userKeys = ["client-certificate-data", "client-key-data", "token"];
  const user = onlyEntry(root, "users", "user", userKeys);
  const server = textAt(cluster, "server", inCluster, "https://127.0.0.1:PORT");
  return {
    ca: certificatePem(certificatesAt(cluster, "certificate-authority-data", inCluster)),
    port: portOf(server, inCluster),
    user: userOf(user, "users[0].user"),
  };
}
