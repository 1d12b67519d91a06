import { isIP, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { defined } from "../base/index.ts";
import { tlsFacts, type TlsFacts } from "./chain.ts";

/** One address that a connection was tried with. */
export interface ConnectionAttempt {
  readonly address: string;
  readonly port: number;
  /** Absent for the attempt that succeeded, and for one that was given up before an answer. */
  readonly error?: string;
}

/**
 * When each phase had ended, in milliseconds since the exchange began, as curl's `time_namelookup`, `time_connect`,
 * `time_appconnect`, `time_starttransfer` and `time_total`. A phase that was not reached is absent.
 */
export interface ExchangeTiming {
  readonly dns?: number;
  readonly connect?: number;
  readonly tls?: number;
  readonly firstByte?: number;
  readonly lastByte?: number;
}

/** What was seen of an exchange, also of one that failed. */
export interface ExchangeTrace {
  /** What the resolver said, in its order; empty where there was nothing to resolve. */
  readonly resolved: readonly string[];
  readonly attempts: readonly ConnectionAttempt[];
  /** `HOST:PORT` of the proxy that made the connection, to an address of its own choice. */
  readonly proxy?: string;
  readonly timing: ExchangeTiming;
  /** The server's TLS facts, accepted or not. */
  readonly tls?: TlsFacts;
  /** Of an answer that began. */
  readonly status?: number;
  /** Bytes of the body that came. */
  readonly received: number;
}

type Phase = keyof ExchangeTiming;

/** Follows one exchange from the look-up of its name to the last byte; `facts` is what it has seen so far. */
export class ExchangeObserver {
  readonly #start = performance.now();
  readonly #resolved: string[] = [];
  readonly #attempts = new Map<string, ConnectionAttempt>();
  readonly #timing: Partial<Record<Phase, number>> = {};
  #tls: TlsFacts | undefined;
  #status: number | undefined;
  #proxy: string | undefined;
  #received = 0;

  #mark(phase: Phase): void {
    this.#timing[phase] ??= Math.round((performance.now() - this.#start) * 10) / 10;
  }

  #attempt(address: string, port: number, error?: string): void {
    const one = { address, port, ...defined({ error }) };
    this.#attempts.set(`${address} ${port}`, one);
  }

  /** Whose connection it is. */
  goes(proxy: string | undefined): void {
    this.#proxy = proxy;
  }

  /** Follows the connection; `host` is where it goes, which needs no look-up where it is an address. */
  follow(socket: Socket, host: string, port: number): void {
    // For an address Node begins before a listener can be added.
    if (isIP(host) !== 0 && this.#proxy === undefined) this.#attempt(host, port);
    socket.on("lookup", (_error: Error | null, address: string | undefined) => {
      if (typeof address === "string") this.#resolved.push(address);
      this.#mark("dns");
    });
    socket.on("connectionAttempt", (address: string, to: number) => this.#attempt(address, to));
    socket.on("connectionAttemptFailed", (address: string, to: number, _family: number, error: Error) => {
      const { code } = error as Error & { code?: string };
      this.#attempt(address, to, code ?? error.message);
    });
    socket.once("connect", () => this.#mark("connect"));
    if (socket instanceof TLSSocket) socket.once("secureConnect", () => this.#secured(socket));
  }

  #secured(socket: TLSSocket): void {
    this.#mark("tls");
    this.#tls = tlsFacts(socket);
  }

  answered(status: number): void {
    this.#mark("firstByte");
    this.#status = status;
  }

  came(bytes: number): void {
    this.#received += bytes;
  }

  ended(): void {
    this.#mark("lastByte");
  }

  get facts(): ExchangeTrace {
    return {
      resolved: this.#resolved,
      attempts: [...this.#attempts.values()],
      timing: this.#timing,
      received: this.#received,
      ...defined({ proxy: this.#proxy, tls: this.#tls, status: this.#status }),
    };
  }
}
