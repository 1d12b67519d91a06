import { defined, type PodtrustError } from "../../core/base/index.ts";
import type { HttpStream } from "../../core/http/index.ts";
import { type RequestPurpose, startingFault, statusFault } from "./answer.ts";
import type { KubernetesAnswer } from "./api.ts";
import type { Endpoint } from "./endpoint.ts";
import { anonymous, type Identity } from "./identity.ts";
import type { SentCredential } from "./sent-credential.ts";
import { type KubernetesCall, send, sendStream } from "./transport.ts";

const maxReadiness = 64 * 1024;

/** One endpoint, and how long an exchange with it may take. */
export class EndpointCaller {
  readonly #endpoint: Endpoint;
  readonly #timeoutMs: number;
  #sent: SentCredential | undefined;

  constructor(endpoint: Endpoint, timeoutMs: number) {
    const { credentials } = endpoint;
    const identity = async (): Promise<Identity> => {
      const shown = await credentials.identity();
      this.#sent = shown.sent;
      return shown;
    };
    this.#endpoint = { ...endpoint, credentials: { identity, refused: () => credentials.refused() } };
    this.#timeoutMs = timeoutMs;
  }

  /** The facts in the credential of the last call. */
  get sentCredential(): SentCredential | undefined {
    return this.#sent;
  }

  get server(): string {
    return this.#endpoint.server;
  }

  /** One call; any status is an answer. Throws what `send` throws. */
  send(call: KubernetesCall): Promise<KubernetesAnswer> {
    return send(this.#endpoint, call, this.#timeoutMs);
  }

  /** One call with a streamed answer. Throws what `sendStream` throws. */
  sendStream<T>(
    call: KubernetesCall & { readonly silenceMs: number },
    consume: (answer: HttpStream) => Promise<T>,
  ): Promise<T> {
    return sendStream(this.#endpoint, call, this.#timeoutMs, consume);
  }

  /**
   * The error of an answer that is not the wanted one. An API server that is starting refuses callers that it will let
   * in a minute later: before missing rights are reported it is asked whether it is ready. `forbiddenReadiness`: a
   * caller that may not read /readyz either may be seeing a start.
   */
  async fault(
    purpose: RequestPurpose,
    answer: KubernetesAnswer,
    options: { readonly signal?: AbortSignal; readonly forbiddenReadiness?: boolean } = {},
  ): Promise<PodtrustError> {
    const fault = statusFault(purpose, answer);
    if (fault.code !== "cluster-unauthenticated" && fault.code !== "cluster-forbidden") return fault;
    const { signal, forbiddenReadiness = false } = options;
    // By default anyone may read it; with an unknown credential it would be 401 again.
    const endpoint = answer.status === 401 ? { ...this.#endpoint, credentials: anonymous } : this.#endpoint;
    const call = { path: "/readyz", maxBytes: maxReadiness, ...defined({ signal }) };
    const ready = await send(endpoint, call, this.#timeoutMs).then(
      ({ status }) => status,
      () => undefined,
    );
    if (ready === undefined) return fault;
    const starting = ready >= 500 || (forbiddenReadiness && ready === 403 && answer.status === 403);
    return starting ? startingFault(purpose, answer, ready) : fault;
  }
}
