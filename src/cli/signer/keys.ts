import { PodtrustError, TimeLimit } from "../../core/base/index.ts";
import { readTextFile } from "../../core/command-line/index.ts";
import { rich } from "../../core/terminal/index.ts";
import type { SignerKeyState, RingKey } from "../../rules/signer/index.ts";
import { KeyFolder, type KeyType, reloadSigner } from "../../signer/index.ts";
import type { CommandContext } from "../context.ts";
import { holderOf } from "./holders.ts";

/** Bytes of a PEM file with a key. */
const maxPem = 64 * 1024;

/** How long a holder may take to name a key, in milliseconds. */
const openingMs = 10_000;

/** What was typed. */
export interface StateOptions {
  readonly state: string;
}

export interface ImportOptions extends StateOptions {
  readonly verifyOnly?: true;
}

export interface CreateOptions extends StateOptions {
  readonly type: KeyType;
}

export interface AddOptions extends StateOptions {
  readonly holder: string;
}

const folderOf = (context: CommandContext, { state }: StateOptions): KeyFolder =>
  new KeyFolder(context.path(state), context.clock);

/** Has a running signer take over what was changed; says so where none runs. Throws what `reloadSigner` does. */
async function takenOver(context: CommandContext, options: StateOptions): Promise<void> {
  try {
    const { refreshSeconds } = await reloadSigner(context.path(options.state));
    context.output.line(`The running signer has it; API servers ask again within ${refreshSeconds} s.`);
  } catch (error) {
    if (!(error instanceof PodtrustError && error.code === "signer-not-running")) throw error;
    context.output.line("No signer runs with this state folder; one that starts will have it.");
  }
}

const stateText: Readonly<Record<SignerKeyState, string>> = {
  current: "It signs.",
  next: "It is next: podtrust signer promote has it sign.",
  previous: "It verifies, and signs nothing.",
};

async function added(context: CommandContext, options: StateOptions, key: RingKey): Promise<void> {
  context.output.line(rich`${key.kid}  ${key.alg}  ${key.state}`);
  context.output.line(stateText[key.state]);
  await takenOver(context, options);
  context.output.result(key);
}

/** `podtrust signer import FILE`. */
export async function runImport(
  context: CommandContext,
  file: string,
  options: ImportOptions,
): Promise<void> {
  const path = context.path(file);
  const isPublic = options.verifyOnly === true;
  const pem = await readTextFile(context, {
    option: "FILE",
    name: file,
    ...(isPublic ? { maxBytes: maxPem } : { credential: "signing-key" }),
  });
  const folder = folderOf(context, options);
  const key = isPublic ? await folder.importVerifier(pem, path) : await folder.importSigner(pem, path);
  await added(context, options, key);
}

/** `podtrust signer create`. */
export async function runCreate(context: CommandContext, options: CreateOptions): Promise<void> {
  await added(context, options, await folderOf(context, options).create(options.type));
}

/** `podtrust signer add URI`: the key's public half is asked of its holder. */
export async function runAdd(context: CommandContext, uri: string, options: AddOptions): Promise<void> {
  const holder = holderOf(options.holder, context.logger());
  if (!uri.startsWith(`${holder.scheme}:`))
    throw new PodtrustError("usage", `${uri} is no key of the holder ${holder.scheme}`);
  const limit = new TimeLimit(context.clock, { ms: openingMs, signal: context.signal });
  try {
    const spki = await holder.publicKey(uri.slice(holder.scheme.length + 1), limit.signal);
    await added(context, options, await folderOf(context, options).addHeld(spki, uri));
  } finally {
    await limit.end();
    await holder.close();
  }
}

/** `podtrust signer exclude KID`, and `include KID` with `excluded` false. */
export async function runExclude(
  context: CommandContext,
  kid: string,
  excluded: boolean,
  options: StateOptions,
): Promise<void> {
  await folderOf(context, options).exclude(kid, excluded);
  context.output.line(
    excluded
      ? rich`${kid} is left out of the cluster's JWKS; inside the cluster it verifies as before.`
      : rich`${kid} is in the cluster's JWKS again.`,
  );
  await takenOver(context, options);
  context.output.result({ kid, excluded });
}

/** `podtrust signer remove KID`. */
export async function runRemove(context: CommandContext, kid: string, options: StateOptions): Promise<void> {
  await folderOf(context, options).remove(kid);
  context.output.line(rich`${kid} is removed, and its file with it.`);
  await takenOver(context, options);
  context.output.result({ kid });
}
