import { defined } from "../../../core/base/index.ts";
import { StateFolder } from "../../../core/files/index.ts";
import { ownLoginKey, pinFile, readK3sSigningKeys } from "../../../providers/host/index.ts";
import type { Machine } from "./machine.ts";
import { type HostContext, stackState } from "./locator.ts";

/** Secrets kept of a machine: its cluster's signing keys, and its access keys. */
export interface MachineSecrets {
  /** Of k3s: PEM. */
  readonly serviceKey?: Buffer;
  readonly k3sToken?: Buffer;
  /** The SSH key that podtrust made, both halves, and the machine's host keys. */
  readonly loginKey?: Buffer;
  readonly loginKeyPublic?: Buffer;
  readonly knownHosts?: Buffer;
}

/** Reads them, over the pinned connection and from this machine's state. Throws `ssh-*`, `host-*`, `state-permissions`. */
export async function readSigningKeys(
  { session }: Pick<Machine, "session">,
  { config, env }: Pick<HostContext, "config" | "env">,
  signal: AbortSignal,
): Promise<MachineSecrets> {
  const { serviceKey, token } = await readK3sSigningKeys(session, signal);
  const state = new StateFolder(stackState(config, env));
  const local = async (name: string): Promise<Buffer | undefined> => {
    const text = await state.read(name);
    return text === undefined ? undefined : Buffer.from(text);
  };
  const [loginKey, loginKeyPublic] = [await local(ownLoginKey), await local(`${ownLoginKey}.pub`)];
  const knownHosts = await local(pinFile);
  return {
    ...defined({ serviceKey, k3sToken: token, loginKey, loginKeyPublic, knownHosts }),
  };
}
