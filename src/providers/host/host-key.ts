import { createHash, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";

/** An SSH key pair in OpenSSH's forms. */
export interface SshKeyPair {
  /** A file's content, without a passphrase. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA… COMMENT` */
  readonly publicKey: string;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

const type = "ssh-ed25519";
// PROTOCOL.key: what is not encrypted is padded to the block size of the cipher none.
const blockSize = 8;
const lineLength = 70;

/** A length and as many bytes (RFC 4251 §5, string). */
function part(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The file of a private key (openssh-key-v1, PROTOCOL.key in OpenSSH's source). */
function privateFile(blob: Buffer, seed: Buffer, raw: Buffer, comment: string): string {
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    part(type),
    part(raw),
    part(Buffer.concat([seed, raw])),
    part(comment),
  ]);
  const missing = (blockSize - (secret.length % blockSize)) % blockSize;
  const padding = Buffer.from(Array.from({ length: missing }, (_, index) => index + 1));
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    part("none"),
    part("none"),
    part(""),
    number(1),
    part(blob),
    part(Buffer.concat([secret, padding])),
  ]).toString("base64");
  const lines = file.match(new RegExp(`.{1,${lineLength}}`, "gu")) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join(
    "\n",
  );
}

/** A new Ed25519 key pair (RFC 8709), for a host or for logging in. The comment is one word. */
export function newSshKeyPair(comment: string): SshKeyPair {
  const { privateKey } = generateKeyPairSync("ed25519");
  // PKCS#8 and SPKI end in the 32 bytes themselves (RFC 8410).
  const seed = privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32);
  const raw = createPublicKey(privateKey).export({ type: "spki", format: "der" }).subarray(-32);
  const blob = Buffer.concat([part(type), part(raw)]);
  // OpenSSH leaves the padding of the 32 bytes off.
  const digest = createHash("sha256").update(blob).digest("base64").replace("=", "");
  return {
    privateKey: privateFile(blob, seed, raw, comment),
    publicKey: `${type} ${blob.toString("base64")} ${comment}`,
    fingerprint: `SHA256:${digest}`,
  };
}
