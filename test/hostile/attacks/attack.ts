import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import {
  connect as connectTls,
  type ConnectionOptions,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";

/** A publisher, as a client finds it. */
export interface Target {
  readonly port: number;
  /** The issuer's name. */
  readonly host: string;
  readonly jwksPath: string;
  /** PEM of the root of its certificate. */
  readonly root: string;
  /** A name for which a TLS-ALPN-01 challenge stands, where there is one. */
  readonly challenged?: string | undefined;
}

export interface AttackContext {
  readonly target: Target;
  /** Of this machine, from which the attack comes. */
  readonly addresses: readonly string[];
  /** Ends the attack. */
  readonly signal: AbortSignal;
  readonly secureContext: SecureContext;
  /** What was done, for the report. */
  readonly done: Record<string, number>;
}

/** Goes on until the signal. */
export type Attack = (context: AttackContext) => Promise<void>;

export function contextOf(input: Pick<AttackContext, "target" | "addresses" | "signal">): AttackContext {
  return { ...input, secureContext: createSecureContext({ ca: input.target.root }), done: {} };
}

export function count({ done }: AttackContext, what: string, more = 1): void {
  done[what] = (done[what] ?? 0) + more;
}

/** A TCP connection from an address of ours. */
export function tcp(
  { target }: AttackContext,
  localAddress: string,
  more: { allowHalfOpen?: boolean } = {},
): Socket {
  return connectTcp({ host: "127.0.0.1", port: target.port, localAddress, ...more });
}

/** A TLS connection; `begun` is called after the handshake. */
export function tls(
  context: AttackContext,
  localAddress: string,
  alpn: string,
  begun: (socket: TLSSocket) => void,
): TLSSocket {
  const { target, secureContext } = context;
  const options: ConnectionOptions & { readonly localAddress: string } = {
    host: "127.0.0.1",
    port: target.port,
    localAddress,
    servername: target.host,
    secureContext,
    ALPNProtocols: [alpn],
  };
  const socket = connectTls(options);
  socket.once("secureConnect", () => {
    count(context, "handshakes");
    begun(socket);
  });
  return socket;
}

/**
 * Keeps so many connections open from each address until the attack ends: whatever the publisher closes is opened
 * anew.
 */
export async function keepOpen(
  context: AttackContext,
  perAddress: number,
  open: (address: string) => Socket,
): Promise<void> {
  const { signal, addresses } = context;
  const sockets = new Set<Socket>();
  const again = (address: string): void => {
    if (signal.aborted) return;
    const socket = open(address);
    count(context, "connections");
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => {
      sockets.delete(socket);
      setTimeout(() => again(address), 20);
    });
  };
  for (let one = 0; one < perAddress && !signal.aborted; one += 1) {
    for (const address of addresses) again(address);
    // Not all in one turn of the event queue, or the first are cut before the last are begun.
    await sleep(1);
  }
  if (!signal.aborted) await once(signal, "abort");
  for (const socket of sockets) socket.destroy();
}

/** Writes again and again while the connection takes it. */
export function pour(context: AttackContext, socket: Socket, chunk: Buffer): void {
  const { signal } = context;
  const more = (): void => {
    while (!signal.aborted && socket.writable && !socket.writableNeedDrain) {
      socket.write(chunk);
      count(context, "bytes", chunk.length);
    }
  };
  socket.on("drain", more);
  more();
}

/** Writes one piece after the other, `ms` apart. */
export function drip(socket: Socket, ms: number, next: () => Buffer | string): void {
  const timer = setInterval(() => {
    if (socket.writable) socket.write(next());
  }, ms);
  socket.once("close", () => clearInterval(timer));
}
