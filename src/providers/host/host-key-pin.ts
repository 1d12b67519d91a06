import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defined, PodtrustError, type Environment } from "../../core/base/index.ts";
import { readBoundedText, type StateFolder } from "../../core/files/index.ts";
import { homeDirectory } from "../../core/home/index.ts";
import { runSsh, sshOptions } from "./ssh.ts";
import { sshFailure } from "./ssh-failure.ts";
import { type SshTarget, targetText } from "./target.ts";

/** Bytes of the host keys that one look finds. */
const maxFound = 256 * 1024;

/** A public key as known_hosts has it. */
interface HostKey {
  readonly type: string;
  readonly base64: string;
}

/** The file of a stack's state that has the machine's key. */
export const pinFile = "known_hosts";

/** The name under which that file knows the machine: it stays when the address does not. */
export function hostKeyAlias(stack: string): string {
  return `podtrust-${stack}`;
}

// The types that OpenSSH's servers have, newest first. With one asked for, the server shows that one.
const algorithms = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
];

/** A key's fingerprint as `ssh-keygen -l` prints it: SHA-256 of the key's blob, base64 without padding. */
function fingerprint({ base64 }: Pick<HostKey, "base64">): string {
  const digest = createHash("sha256").update(Buffer.from(base64, "base64")).digest("base64");
  // A digest of 32 bytes ends with one sign of padding.
  return `SHA256:${digest.slice(0, -1)}`;
}

/** The fingerprint of a public key in OpenSSH's form, `ssh-ed25519 AAAA…`. */
export function fingerprintOf(publicKey: string): string {
  const [, base64 = ""] = publicKey.trim().split(/\s+/u);
  return fingerprint({ base64 });
}

/** The keys in a text of the form of known_hosts (sshd(8)), without those that are marked. */
function keysIn(text: string): readonly HostKey[] {
  return text.split("\n").flatMap((line) => {
    const [names = "", type = "", base64 = ""] = line.trim().split(/\s+/u);
    const isKey = names !== "" && !/^[@#]/u.test(names) && base64.startsWith("AAAA");
    return isKey ? [{ type, base64 }] : [];
  });
}

function pinText(alias: string, keys: readonly HostKey[]): string {
  return keys.map(({ type, base64 }) => `${alias} ${type} ${base64}\n`).join("");
}

/** What is needed to pin a stack's machine. */
export interface PinContext {
  readonly env: Environment;
  /** The stack's folder of state. */
  readonly state: StateFolder;
  /** The name that the machine has in known_hosts. */
  readonly alias: string;
  /** Called when another key is pinned than before. */
  readonly notice?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** The key of one type that a machine shows, without logging in; undefined where it has none of that type. */
async function shownKey(
  target: SshTarget,
  algorithm: string,
  context: PinContext,
): Promise<HostKey | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "pt-"));
  try {
    const file = join(folder, "k");
    // The first of an option counts: these win over those of a real connection.
    const own = [
      "StrictHostKeyChecking=accept-new",
      `HostKeyAlgorithms=${algorithm}`,
      "PreferredAuthentications=none",
      "HashKnownHosts=no",
    ];
    const args = [
      ...own.flatMap((option) => ["-o", option]),
      ...sshOptions({ target, knownHosts: file, alias: context.alias }),
      "--",
      target.address,
      "true",
    ];
    const { signal, env } = context;
    const ended = await runSsh("ssh", args, {
      env,
      timeoutMs: 30_000,
      ...defined({ signal }),
    });
    signal?.throwIfAborted();
    const [key] = keysIn(await readBoundedText(file, maxFound).catch(() => ""));
    if (key !== undefined) return key;
    if (/no matching host key type/u.test(ended.stderr)) return undefined;
    throw sshFailure(target, ended.code === undefined ? "Connection timed out" : ended.stderr);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every key that the machine shows until one fits; throws what keeps it from being reached. */
async function fittingKey(target: SshTarget, context: PinContext): Promise<HostKey> {
  const shown: string[] = [];
  for (const algorithm of algorithms) {
    const key = await shownKey(target, algorithm, context);
    if (key === undefined) continue;
    const shows = fingerprint(key);
    if (target.hostKeys.includes(shows)) return key;
    shown.push(shows);
  }
  const pinned = target.hostKeys.join(" or ");
  throw new PodtrustError(
    "ssh-host-key",
    `${targetText(target)} shows the host key ${shown.join(", ")}, and ${pinned} is pinned`,
    { detail: { shown, pinned: target.hostKeys } },
  );
}

/** The keys that the person's own known_hosts has of a machine, as `ssh-keygen -F` finds them. */
async function keysOfPerson(target: SshTarget, { env, signal }: PinContext): Promise<readonly HostKey[]> {
  const name = target.port === 22 ? target.address : `[${target.address}]:${target.port}`;
  const file = join(homeDirectory(env), ".ssh", "known_hosts");
  const { stdout } = await runSsh("ssh-keygen", ["-F", name, "-f", file], {
    env,
    timeoutMs: 10_000,
    ...defined({ signal }),
  });
  return keysIn(stdout);
}

async function unknownKey(target: SshTarget, context: PinContext): Promise<PodtrustError> {
  const key = await shownKey(target, "ssh-ed25519", context);
  const shows = key === undefined ? "it has no Ed25519 key" : `it shows ${fingerprint(key)}`;
  const message = `the host key of ${targetText(target)} is not known; ${shows}`;
  const next =
    "Read it on the machine's console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); if it is the same, set machine.ssh.hostKey to it.";
  return new PodtrustError("ssh-host-key-unknown", message, { next, detail: { address: target.address } });
}

/** Anyone who can write to the cloud decides which key is pinned: so the person is informed that it changed. */
function changeText(target: SshTarget, kept: readonly HostKey[], now: HostKey): string {
  const before = kept.map(fingerprint).join(" and ");
  return (
    `${targetText(target)} is known by another host key from now on: ${fingerprint(now)} in place of ${before}, ` +
    "since the server's label podtrust-host-key, or machine.ssh.hostKey, says so. " +
    "If the machine was not recreated and its key not rotated, find out who changed that"
  );
}

/**
 * Makes the known_hosts file that has the machine's key and nothing else, and gives its name. What is pinned comes
 * from the config or the cloud, as fingerprints; without any, from the person's own known_hosts. The file is only a
 * copy: it is made anew where it does not fit, and `notice` gets a changed key. Throws `ssh-host-key`,
 * `ssh-host-key-unknown`, `ssh-unreachable`.
 */
export async function pinnedKnownHosts(target: SshTarget, context: PinContext): Promise<string> {
  const { state, alias, notice = () => {} } = context;
  const file = state.pathOf(pinFile);
  const text = (await state.read(pinFile)) ?? "";
  const kept = keysIn(text);
  if (target.hostKeys.length > 0) {
    const fits = kept.length > 0 && kept.every((key) => target.hostKeys.includes(fingerprint(key)));
    if (fits) return file;
    const key = await fittingKey(target, context);
    if (kept.length > 0 && !kept.some(({ base64 }) => base64 === key.base64))
      notice(changeText(target, kept, key));
    await state.replace(pinFile, pinText(alias, [key]));
    return file;
  }
  const known = await keysOfPerson(target, context);
  if (known.length === 0) throw await unknownKey(target, context);
  const pinned = pinText(alias, known);
  // A disk without room stops nobody who needs none.
  if (pinned !== text) await state.replace(pinFile, pinned);
  return file;
}

/** Pins keys that were read on the machine itself, beside those that are pinned or in their place. */
export async function pinKeys(
  publicKeys: readonly string[],
  { state, alias }: PinContext,
  how: "beside" | "alone",
): Promise<void> {
  const kept = how === "beside" ? keysIn((await state.read(pinFile)) ?? "") : [];
  const read = keysIn(publicKeys.map((key) => `${alias} ${key}`).join("\n"));
  const others = kept.filter(({ base64 }) => !read.some((key) => key.base64 === base64));
  await state.replace(pinFile, pinText(alias, [...others, ...read]));
}
