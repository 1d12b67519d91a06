import { defined, mapped, parseDuration, PodtrustError, textOf } from "../../core/base/index.ts";
import type { ApiServer, ApiServerFlags, ControlPlaneServer, ServerKey } from "../servers/index.ts";
import { publicKeyOf } from "../../rules/keys/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import { disagreement, unitNote } from "../../rules/distribution/index.ts";
import type { FileTarget } from "../../rules/rotation/index.ts";
import type { TokenRules } from "../../rules/tokens/index.ts";
import type { KnownKeys, RotatedServer, RotationAlgorithm, ServerLook } from "./rotated-server.ts";

// Every namespace has it, and a token for this audience is of no use.
const asked = { namespace: "default", name: "default" } as const;
const unusedAudience = "https://podtrust.dev/rotation";

/** The ID of the key that an API server signs with now. Throws what `mint` throws. */
export async function signingKid(
  api: Pick<ApiServer, "mint">,
  signal: AbortSignal,
): Promise<string | undefined> {
  return textOf(parseJws(await api.mint(asked, unusedAudience, signal)).kid);
}

function rulesOf({
  issuers,
  audiences,
  maxTokenExpiration,
  extendTokenExpiration,
}: ApiServerFlags): TokenRules {
  return {
    audiences: audiences ?? issuers,
    maximum: maxTokenExpiration === undefined ? undefined : parseDuration(maxTokenExpiration),
    extend: extendTokenExpiration ?? true,
  };
}

/** An API server on a machine of the config, its keys changed over SSH. */
export class MachineServer implements RotatedServer {
  readonly name: string;
  readonly #server: ControlPlaneServer;

  constructor(server: ControlPlaneServer) {
    this.#server = server;
    this.name = server.api.name;
  }

  async look(signal: AbortSignal): Promise<ServerLook> {
    const { api, files, machineKeys } = this.#server;
    const { distribution } = files;
    const look = await api.whatRuns(signal);
    // What will be started: it is what a way back and an answer to a theft go on with.
    const flags = look.starts;
    if (flags.signingEndpoint !== undefined) {
      throw new PodtrustError("rotation-refused", `${this.name} signs by an external signer`, {
        next: "Rotate the signer's keys with the signer's own commands. After a theft: podtrust rotate stolen KID, which closes what lets tokens in and says the commands in their order.",
        detail: { reason: "signer-unknown" },
      });
    }
    const { verifiers, signer } = await files.readKeys(signal);
    const held = await machineKeys.list(signal);
    const keys = await api.keys(signal);
    const signs = await signingKid(api, signal);
    const stale = await this.#stale(signal);
    return {
      rules: rulesOf(flags),
      ...defined({ note: mapped(look.unit, (unit) => unitNote(this.name, unit)) }),
      keys: {
        name: this.name,
        verifies: keys.map(({ kid }) => kid),
        algorithms: Object.fromEntries(keys.map(({ kid, alg }) => [kid, alg])),
        signs,
        files: {
          verify: verifiers.map(({ kid }) => kid),
          signing: signer.kid,
          privates: [...new Set([signer.kid, ...held.map(({ kid }) => kid)])],
        },
        stale,
        distribution,
        ...defined({ datastore: await this.#datastore(signal) }),
        version: await api.version(signal),
        controllerManager: await files.controllerManagerKids(signal),
        ...defined({ differs: disagreement(look, stale?.startedAt) }),
      },
    };
  }

  async publicHalf(kid: string, signal: AbortSignal): Promise<string | undefined> {
    return (await this.#halves(signal)).known.get(kid);
  }

  async makeKey(algorithm: RotationAlgorithm, signal: AbortSignal): Promise<string> {
    return (await this.#server.machineKeys.make(algorithm, signal)).kid;
  }

  async keepSigner(signal: AbortSignal): Promise<void> {
    const { files, machineKeys } = this.#server;
    const { signer } = await files.readKeys(signal);
    await machineKeys.keep(signer.file, signal);
  }

  recipient(signal: AbortSignal): Promise<string> {
    return this.#server.machineKeys.recipient(signal);
  }

  sealKey(kid: string, recipient: string, signal: AbortSignal): Promise<string> {
    return this.#server.machineKeys.seal(kid, recipient, signal);
  }

  takeKey(kid: string, sealed: string, signal: AbortSignal): Promise<void> {
    return this.#server.machineKeys.take(kid, sealed, signal);
  }

  putKey(kid: string, privateKey: string, signal: AbortSignal): Promise<void> {
    return this.#server.machineKeys.put(kid, privateKey, signal);
  }

  async forgetKey(kid: string, signal: AbortSignal): Promise<void> {
    const { files, machineKeys } = this.#server;
    await machineKeys.forget(kid, signal);
    // The copy of a key file from before the first change holds it too.
    await files.forget(signal);
  }

  async write(
    { verify, signing }: FileTarget,
    signal: AbortSignal,
    { sealed = new Map(), isStored = false, isWhole = false }: KnownKeys = {},
  ): Promise<void> {
    const { files } = this.#server;
    const { signer, known: own } = await this.#halves(signal);
    const known = new Map([...sealed, ...own]);
    const publicHalf = (kid: string): string => {
      const pem = known.get(kid);
      if (pem !== undefined) return pem;
      throw new PodtrustError(
        "rotation-refused",
        `${this.name}: the public half of ${kid} is not on the machine`,
        {
          next: "Run podtrust rotate prepare: it continues where it was.",
          detail: { reason: "private-half-missing" },
        },
      );
    };
    const pems = verify.map(publicHalf);
    const there = signing === signer.kid ? undefined : { kid: signing, publicKey: publicHalf(signing) };
    await files.writeKeys({ verifiers: pems, isStored, isWhole, ...defined({ signerThere: there }) }, signal);
  }

  /** Undefined where its unit cannot be read: a look goes on. */
  async #datastore(signal: AbortSignal): Promise<ServerLook["keys"]["datastore"]> {
    try {
      return await this.#server.files.datastore(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PodtrustError && error.code === "server-unit") return undefined;
      throw error;
    }
  }

  /** Every public half that its machine has, and the key that its files have it sign with. */
  async #halves(
    signal: AbortSignal,
  ): Promise<{ readonly signer: ServerKey; readonly known: ReadonlyMap<string, string> }> {
    const { files, machineKeys } = this.#server;
    const { verifiers, signer } = await files.readKeys(signal);
    const held = await machineKeys.list(signal);
    const known = new Map([
      ...held.map(({ kid, publicKey }): [string, string] => [kid, publicKey]),
      ...[...verifiers, signer].map(({ kid, jwk }): [string, string] => [kid, publicKeyPem(jwk)]),
    ]);
    return { signer, known };
  }

  /** The count and the server's start; undefined where it does not tell. */
  async #stale(signal: AbortSignal): Promise<ServerLook["keys"]["stale"]> {
    try {
      return await this.#server.api.staleTokens(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PodtrustError && error.code === "cluster-answer-invalid") return undefined;
      throw error;
    }
  }
}

function publicKeyPem(jwk: object): string {
  const key = publicKeyOf(jwk);
  if (key === undefined) throw new TypeError("a verified JWK that is no key");
  return key.export({ type: "spki", format: "pem" });
}
