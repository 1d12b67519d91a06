import { MachineServer, type RotationAlgorithm, type ServerLook } from "../rotation/index.ts";
import type { ControlPlaneServer } from "../servers/index.ts";
import type { FileTarget } from "../../rules/rotation/index.ts";
import type { TheftServer } from "./theft-server.ts";

// Every namespace has it. Both tokens of a proof are of it, and differ by their key alone.
const shown = { namespace: "default", name: "default" } as const;

/** An API server on a machine of the config, as an answer to a theft changes it. */
export class MachineTheftServer implements TheftServer {
  readonly name: string;
  readonly #server: ControlPlaneServer;
  readonly #rotated: MachineServer;

  readonly #others: readonly ControlPlaneServer[];

  /** `others`: those of the cluster that run meanwhile. */
  constructor(server: ControlPlaneServer, others: readonly ControlPlaneServer[] = []) {
    this.#server = server;
    this.#others = others;
    this.#rotated = new MachineServer(server);
    this.name = server.api.name;
  }

  look(signal: AbortSignal): Promise<ServerLook> {
    return this.#rotated.look(signal);
  }

  makeKey(algorithm: RotationAlgorithm, signal: AbortSignal): Promise<string> {
    return this.#rotated.makeKey(algorithm, signal);
  }

  recipient(signal: AbortSignal): Promise<string> {
    return this.#rotated.recipient(signal);
  }

  sealKey(kid: string, recipient: string, signal: AbortSignal): Promise<string> {
    return this.#rotated.sealKey(kid, recipient, signal);
  }

  takeKey(kid: string, sealed: string, signal: AbortSignal): Promise<void> {
    return this.#rotated.takeKey(kid, sealed, signal);
  }

  async heldHalf(kid: string, signal: AbortSignal): Promise<string | undefined> {
    const held = await this.#server.machineKeys.list(signal);
    return held.find((key) => key.kid === kid)?.publicKey;
  }

  write(target: FileTarget, signal: AbortSignal, known?: { readonly isStored: boolean }): Promise<void> {
    return this.#rotated.write(target, signal, { ...known, isWhole: true });
  }

  mint(signal: AbortSignal): Promise<string> {
    return this.#server.api.mint(shown, undefined, signal);
  }

  accepts(token: string, signal: AbortSignal): Promise<boolean> {
    return this.#server.api.accepts(token, signal);
  }

  async putBack(signal: AbortSignal): Promise<void> {
    const { files } = this.#server;
    try {
      await files.putKeysBack(signal);
    } catch (error) {
      signal.throwIfAborted();
      // It does not run: one that does gives the datastore which they share the former keys.
      for (const other of this.#others)
        if (await other.files.storeOwnKeys(signal))
          return files.writeKeys({ verifiers: [], isStored: true }, signal);
      throw error;
    }
  }

  endKeys(fresh: string, signal: AbortSignal): Promise<readonly string[]> {
    return this.#server.files.endKeys(fresh, signal);
  }
}
