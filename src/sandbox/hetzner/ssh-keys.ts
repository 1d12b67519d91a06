import { createHash } from "node:crypto";
import { invalidInput, uniquenessError } from "./api-error.ts";
import type { Body } from "./body.ts";
import { labelsOf } from "./labels.ts";
import { byLabels, type ListForm } from "./listing.ts";
import type { HetznerProject } from "./project.ts";
import type { SshKey } from "./types.ts";

export const sshKeyList: ListForm<SshKey> = {
  key: "ssh_keys",
  sortable: ["id", "name"],
  filters: {
    name: ({ name }, value) => name === value,
    fingerprint: ({ fingerprint }, value) => fingerprint === value,
    label_selector: byLabels,
  },
};

/** Type and blob of a public key in OpenSSH's form, if the blob names the same type (RFC 4253 §6.6). */
function blobOf(publicKey: string): Buffer | undefined {
  const [type = "", encoded = ""] = publicKey.trim().split(/\s+/u);
  if (!/^[\w@.-]+$/u.test(type) || !/^[A-Za-z0-9+/]+={0,2}$/u.test(encoded)) return undefined;
  const blob = Buffer.from(encoded, "base64");
  if (blob.length < 4) return undefined;
  const length = blob.readUInt32BE(0);
  return blob.toString("latin1", 4, 4 + length) === type ? blob : undefined;
}

/** MD5 in hex with colons, the API's form. */
function fingerprintOf(blob: Buffer): string {
  return (createHash("md5").update(blob).digest("hex").match(/../gu) ?? []).join(":");
}

export function createSshKey(project: HetznerProject, body: Body): SshKey {
  const name = body.text("name");
  const publicKey = body.text("public_key");
  const labels = body.has("labels") ? labelsOf(body.raw("labels")) : {};
  const blob = blobOf(publicKey);
  if (publicKey !== "" && blob === undefined) body.blame("public_key", "SSH key is invalid");
  body.check();
  if (blob === undefined) throw invalidInput([{ name: "public_key", messages: ["SSH key is invalid"] }]);
  const fingerprint = fingerprintOf(blob);
  if ([...project.sshKeys.values()].some((key) => key.fingerprint === fingerprint)) {
    throw uniquenessError("public_key", "SSH key with the same fingerprint already exists");
  }
  project.claimName(project.sshKeys, name);
  const key: SshKey = {
    id: project.newId(),
    name,
    fingerprint,
    public_key: publicKey,
    labels,
    created: project.time(),
  };
  project.sshKeys.set(key.id, key);
  return key;
}
