import { createHash } from "node:crypto";
import { PodtrustError } from "../../core/base/index.ts";
import type { Difference, Observed, Resource, Work, StackOwner } from "../../rules/plan/index.ts";
import type { HetznerApi } from "./client.ts";
import { isHetznerCode } from "./failure.ts";
import { findOwn, sshKeys } from "./find.ts";
import { markedLabels } from "./labels.ts";
import { commonFields, commonOf, putCommon, removeById, stateOf, stateToUpdate } from "./resource.ts";
import type { SshKey } from "./shapes.ts";

/** The public keys for logging in from here. */
export interface LoginKeys {
  /** In OpenSSH's form, the preferred one first; none where one has to be made. */
  readonly known: readonly string[];
  /** The first is a pair that podtrust made: by what stands at Hetzner `down` knows which pair goes with it. */
  readonly isMade: boolean;
  /** The config names the key: another one is a difference. */
  readonly isChosen: boolean;
  /** What a plan shows in place of a key that has to be made. */
  readonly toMake: string;
  /** Makes one and keeps it; gives the public key. */
  readonly make: () => Promise<string>;
}

export interface SshKeySpec extends StackOwner {
  readonly name: string;
  readonly keys: LoginKeys;
}

/** Type and blob of a key in OpenSSH's form, without its comment. */
function keyItself(publicKey: string): string {
  return publicKey.trim().split(/\s+/u).slice(0, 2).join(" ");
}

/** Whether two texts are the same key. */
function isSameKey(a: string, b: string): boolean {
  return keyItself(a) === keyItself(b);
}

function difference({ keys, ...query }: SshKeySpec, observed: Observed<SshKey>): Difference {
  const [first = keys.toMake] = keys.known;
  if (!observed.exists) {
    return { kind: "create", fields: [{ field: "publicKey", before: undefined, after: first }] };
  }
  const { publicKey } = observed.state;
  const isOther = keys.isChosen && !keys.known.some((key) => isSameKey(key, publicKey));
  const fields = commonFields(observed.state, query);
  // The API cannot change a key, and a machine keeps letting in the key of its first boot.
  if (isOther) {
    const field = { field: "publicKey", before: publicKey, after: first };
    return { kind: "replace", fields: [...fields, field] };
  }
  return { kind: fields.length === 0 ? "none" : "update", fields };
}

/** The key of the project that is the same as a public key, whatever its name there: the API accepts each only once. */
export async function keyInProject(
  api: HetznerApi,
  publicKey: string,
  signal: AbortSignal,
): Promise<SshKey | undefined> {
  const blob = Buffer.from(publicKey.split(/\s+/u)[1] ?? "", "base64");
  // The form of the API: MD5 in hex with colons. It only distinguishes keys here, and proves nothing.
  const fingerprint = (createHash("md5").update(blob).digest("hex").match(/../gu) ?? []).join(":");
  const listed = await api.list(sshKeys.path, signal, [["fingerprint", fingerprint]]);
  return listed.map(sshKeys.read).find((key) => isSameKey(key.publicKey, publicKey));
}

/** Makes it, or uses the same key of another stack that was made meanwhile: that one stays another's. */
async function create(api: HetznerApi, { keys, ...query }: SshKeySpec, signal: AbortSignal): Promise<SshKey> {
  const { name } = query;
  const publicKey = keys.known[0] ?? (await keys.make());
  const body = { name, public_key: publicKey, labels: markedLabels(query) };
  const find = (): Promise<SshKey | undefined> => findOwn(api, sshKeys, query, signal);
  const asked = { path: "ssh_keys", body, during: `creating ssh-key ${name}` };
  const made = await api.create(asked, signal, find).catch(async (error: unknown) => {
    const taken = isHetznerCode(error, "uniqueness_error")
      ? await keyInProject(api, publicKey, signal)
      : undefined;
    if (taken === undefined) throw error;
    return { found: taken };
  });
  const key = "found" in made ? made.found : sshKeys.read(made.answer.fields("ssh_key"));
  if (!isSameKey(key.publicKey, publicKey)) {
    throw new PodtrustError("plan-changed", `ssh-key ${name} was made meanwhile, of another key`);
  }
  return key;
}

/** The SSH key that a new server lets in, besides the user of its first boot: without one Hetzner mails a password. */
export function sshKeyResource(api: HetznerApi, spec: SshKeySpec): Resource<SshKey> {
  return {
    ...commonOf(api, sshKeys, spec),
    dependsOn: [],
    fingerprint: (state) => state,
    outputs: ({ id, publicKey }) => ({ id: String(id), publicKey }),
    diff: (observed) => difference(spec, observed),
    async apply(change, { signal }: Work) {
      const before = stateToUpdate(change);
      if (before === undefined) return create(api, spec, signal);
      return putCommon(api, sshKeys, { before, desired: spec }, signal);
    },
    async delete(observed, work) {
      const state = stateOf(observed);
      if (state !== undefined) await removeById(api, sshKeys, state, work);
    },
  };
}
