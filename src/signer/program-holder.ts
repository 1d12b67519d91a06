import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  defined,
  errorText,
  lineSplitter,
  type Logger,
  PodtrustError,
  recordOf,
  textOf,
} from "../core/base/index.ts";
import type { Algorithm } from "../rules/oidc/index.ts";
import type { OpenedKey, KeyHolder } from "./holder.ts";

/** Characters of an answer: the signature of the largest RSA key has 2732. */
const maxLine = 16 * 1024;
/** Requests that wait for an answer: without a limit, a holder that hangs would get more and more. */
const maxWaiting = 1024;

interface PendingCall {
  readonly resolve: (answer: Readonly<Record<string, unknown>>) => void;
  readonly reject: (error: Error) => void;
}

const failed = (program: string, what: string, cause?: unknown): PodtrustError =>
  new PodtrustError("signer-key-source", `${program} ${what}`, defined({ cause }));

/** A running holder: requests as lines of JSON on its standard input, an answer to each on its standard output. */
class Helper {
  readonly #program: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PendingCall>();
  #last = 0;

  constructor(program: string, logger: Logger) {
    this.#program = program;
    // It inherits the environment, by which its own module is configured.
    this.#child = spawn(program, [], { stdio: ["pipe", "pipe", "pipe"] });
    const lines = lineSplitter((line) => this.#hear(line), maxLine);
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => lines.push(text));
    const said = lineSplitter((line) => logger.warn(`${program} says: ${line}`), maxLine);
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => said.push(text));
    this.#child.stdin?.on("error", () => {});
    this.#child.once("error", (cause) =>
      this.#end(failed(program, `did not start: ${errorText(cause)}`, cause)),
    );
    this.#child.once("exit", (code, signal) => this.#end(failed(program, `ended with ${code ?? signal}`)));
  }

  /** Why it accepts no more requests. */
  ended: PodtrustError | undefined;

  async ask(request: object, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    if (this.ended !== undefined) throw this.ended;
    if (this.#waiting.size >= maxWaiting) throw failed(this.#program, "does not answer");
    this.#last += 1;
    const id = this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
    const late = (): void => reject(failed(this.#program, "did not answer in time"));
    signal.addEventListener("abort", late, { once: true });
    this.#waiting.set(id, { resolve, reject });
    this.#child.stdin?.write(`${JSON.stringify({ id, ...request })}\n`);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(id);
      signal.removeEventListener("abort", late);
    }
  }

  /** Ends it by the end of its input, and resolves when it has gone. */
  async close(): Promise<void> {
    if (this.ended !== undefined) return;
    const gone = once(this.#child, "exit");
    this.#child.stdin?.end();
    await gone;
  }

  #hear(line: string): void {
    let answer: Readonly<Record<string, unknown>>;
    try {
      answer = recordOf(JSON.parse(line));
    } catch {
      this.#child.kill();
      return;
    }
    const waiting = this.#waiting.get(Number(answer["id"]));
    const error = textOf(answer["error"]);
    if (error === undefined) waiting?.resolve(answer);
    else waiting?.reject(failed(this.#program, `says: ${error}`));
  }

  #end(error: PodtrustError): void {
    this.ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/**
 * Private keys that a program of its own holds, such as podtrust-pkcs11: started when it is first asked, and again when
 * it has ended. The person who runs the signer names the program; no state file and no caller does.
 */
export class ProgramHolder implements KeyHolder {
  readonly scheme: string;
  readonly #program: string;
  readonly #logger: Logger;
  #helper: Helper | undefined;

  /** `program`: an absolute path. `scheme`: what the URIs of its keys begin with. */
  constructor(scheme: string, program: string, logger: Logger) {
    this.scheme = scheme;
    this.#program = program;
    this.#logger = logger;
  }

  open(address: string, alg: Algorithm): Promise<OpenedKey> {
    const sign: OpenedKey["sign"] = async (input, signal) => {
      const request = { do: "sign", key: address, alg, input: Buffer.from(input).toString("base64") };
      const { signature } = await this.#running.ask(request, signal);
      return this.#bytes(signature);
    };
    return Promise.resolve({ sign });
  }

  /** The public half of a key, DER SubjectPublicKeyInfo. Throws `signer-key-source`. */
  async publicKey(address: string, signal: AbortSignal): Promise<Uint8Array> {
    return this.#bytes((await this.#running.ask({ do: "public", key: address }, signal))["publicKey"]);
  }

  async close(): Promise<void> {
    await this.#helper?.close();
  }

  get #running(): Helper {
    if (this.#helper === undefined || this.#helper.ended !== undefined)
      this.#helper = new Helper(this.#program, this.#logger);
    return this.#helper;
  }

  #bytes(value: unknown): Uint8Array {
    if (typeof value === "string" && value !== "") return Buffer.from(value, "base64");
    throw failed(this.#program, "answered something else");
  }
}
