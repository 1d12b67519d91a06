import { credentialVariable } from "../../core/credentials/index.ts";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Clock, defined, errorText, PodtrustError, setting } from "../../core/base/index.ts";
import { readBoundedText, type StateFolder } from "../../core/files/index.ts";
import { newSshKeyPair } from "./host-key.ts";

/** Where keys for logging in are looked for. */
export interface LoginKeySource {
  /** File of a public key, or of the private key beside it; absent: a key of the stack's own, and the agent's. */
  readonly file?: string;
  /** The stack's folder of state on this machine. */
  readonly state: StateFolder;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The file in the stack's state that holds the private key which podtrust made; its public half ends in `.pub`. */
export const ownLoginKey = "id_ed25519";

const maxKey = 16 * 1024;
const agentTimeoutMs = 5000;
// What OpenSSH takes from an authorized_keys file; certificates need more than their key.
const keyForm =
  /^(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]{40,8000}={0,2}(?: [^\r\n]{0,200})?$/u;

async function chosenKey(file: string): Promise<string> {
  const name = file.endsWith(".pub") ? file : `${file}.pub`;
  let text: string;
  try {
    text = await readBoundedText(name, maxKey);
  } catch (error) {
    const sentence = `machine.sshKey: ${name}: ${errorText(error)}`;
    throw new PodtrustError("machine-key-invalid", sentence, { cause: error, detail: { path: name } });
  }
  const line = text.trim();
  if (keyForm.test(line)) return line;
  // The text may be a private key: it is not repeated.
  throw new PodtrustError("machine-key-invalid", `machine.sshKey: ${name} holds no public SSH key`, {
    detail: { path: name },
  });
}

/** The public keys that the person's agent has; none where there is no agent. */
async function agentKeys(env: LoginKeySource["env"]): Promise<readonly string[]> {
  const socket = credentialVariable(env, "ssh-key")?.value;
  if (socket === undefined) return [];
  const path = setting(env, "PATH");
  try {
    const { stdout } = await promisify(execFile)("ssh-add", ["-L"], {
      env: { SSH_AUTH_SOCK: socket, ...defined({ PATH: path }) },
      timeout: agentTimeoutMs,
      maxBuffer: 1024 * 1024,
    });
    return stdout.split("\n").filter((line) => keyForm.test(line.trim()));
  } catch {
    // An agent without keys ends with 1, a missing one with 2: neither has a key for us.
    return [];
  }
}

/** Whether the preferred key is a pair that podtrust made for this stack. */
export const hasOwnLoginKey = async ({ file, state }: Omit<LoginKeySource, "env">): Promise<boolean> =>
  file === undefined && (await state.read(`${ownLoginKey}.pub`)) !== undefined;

/** The available public keys, the preferred one first; none where one has to be made. Throws `machine-key-invalid`. */
export async function knownLoginKeys({ file, state, env }: LoginKeySource): Promise<readonly string[]> {
  if (file !== undefined) return [await chosenKey(file)];
  const own = (await state.read(`${ownLoginKey}.pub`))?.trim();
  return [...(own === undefined ? [] : [own]), ...(await agentKeys(env))];
}

/**
 * Makes a key pair for this stack alone and keeps it in its state; gives the public key. Of several runs at once one
 * makes it, and the others use it: otherwise one would overwrite the key of a machine that another has made.
 */
export async function makeLoginKey(
  { state }: LoginKeySource,
  comment: string,
  clock: Clock,
): Promise<string> {
  const lock = await state.lock(`${ownLoginKey}.lock`, { clock });
  try {
    const made = (await state.read(`${ownLoginKey}.pub`))?.trim();
    if (made !== undefined) return made;
    const { privateKey, publicKey } = newSshKeyPair(comment);
    // The public half says that there is a private one: it comes last.
    await state.replace(ownLoginKey, privateKey);
    await state.replace(`${ownLoginKey}.pub`, `${publicKey}\n`);
    return publicKey;
  } finally {
    await lock.release();
  }
}

/** Removes the pair that was made for this stack, if its public half is the given one; returns whether it did. */
export async function forgetLoginKey(
  { state }: Pick<LoginKeySource, "state">,
  publicKey: string,
  clock: Clock,
): Promise<boolean> {
  const keyOf = (text: string): string => text.trim().split(/\s+/u).slice(0, 2).join(" ");
  if ((await state.read(`${ownLoginKey}.pub`)) === undefined) return false;
  const lock = await state.lock(`${ownLoginKey}.lock`, { clock });
  try {
    const own = await state.read(`${ownLoginKey}.pub`);
    if (own === undefined || keyOf(own) !== keyOf(publicKey)) return false;
    // The public half says that there is a private one: it goes first.
    await state.remove(`${ownLoginKey}.pub`);
    await state.remove(ownLoginKey);
    return true;
  } finally {
    await lock.release();
  }
}
