import { defined, mapped } from "../../core/base/index.ts";
import type { Tags } from "../../rules/plan/index.ts";

/** The label of a server that remembers the SHA-256 fingerprint of its SSH host key, in base32. */
const label = "podtrust-host-key";
/** The same of the key that is about to take its place. */
const nextLabel = "podtrust-host-key-next";

// RFC 4648 §6 in lower case: a label's value knows no `+`, `/` or `=`, and 52 characters fit its 63.
const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
const prefix = "SHA256:";

function toBase32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/gu) ?? [];
  return groups.map((group) => alphabet[Number.parseInt(group.padEnd(5, "0"), 2)] ?? "").join("");
}

function fromBase32(text: string): Buffer | undefined {
  const values = text
    .toLowerCase()
    .split("")
    .map((one) => alphabet.indexOf(one));
  if (values.includes(-1)) return undefined;
  const bits = values.map((value) => value.toString(2).padStart(5, "0")).join("");
  const bytes = bits.match(/.{8}/gu) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}

function valueOf(fingerprint: string): string {
  const bytes = Buffer.from(fingerprint.slice(prefix.length), "base64");
  if (!fingerprint.startsWith(prefix) || bytes.length !== 32) {
    throw new TypeError(`${fingerprint} is no SHA-256 fingerprint`);
  }
  return toBase32(bytes);
}

function fingerprintOf(value: string | undefined): string | undefined {
  const bytes = value === undefined ? undefined : fromBase32(value);
  if (bytes?.length !== 32) return undefined;
  // OpenSSH leaves the padding of the 32 bytes off.
  return `${prefix}${bytes.toString("base64").replace("=", "")}`;
}

/** The host keys that a server may show, by their fingerprints in OpenSSH's form (`SHA256:…`). */
export interface HostKeys {
  /** Absent where it is not known: the label was removed. */
  readonly current?: string;
  /** Set while one key replaces another: either may be shown then. */
  readonly next?: string;
}

/** The host keys in the labels of a server. */
export function hostKeysOf(labels: Tags): HostKeys {
  const [current, next] = [fingerprintOf(labels[label]), fingerprintOf(labels[nextLabel])];
  return defined({ current, next });
}

/** Labels that say it, beside others. */
export function withHostKeys(labels: Tags, { current, next }: HostKeys): Tags {
  const { [label]: _current, [nextLabel]: _next, ...others } = labels;
  return {
    ...others,
    ...defined({ [label]: mapped(current, valueOf), [nextLabel]: mapped(next, valueOf) }),
  };
}
