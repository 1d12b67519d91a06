import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "./attacks/attack.ts";

/** What became of clients that want one document each. */
export interface Answered {
  readonly clients: number;
  /** Why, for each that did not get it. */
  readonly failures: readonly string[];
  /** Milliseconds from the connection's beginning to the last byte, ascending. */
  readonly times: readonly number[];
}

interface Visit {
  readonly target: Target;
  readonly localAddress: string;
  readonly signal: AbortSignal;
}

async function textOf(parts: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all).toString();
}

async function visitHttp1({ target, localAddress, signal }: Visit): Promise<string> {
  const asking = request({
    host: "127.0.0.1",
    port: target.port,
    path: target.jwksPath,
    servername: target.host,
    headers: { host: target.host },
    ca: target.root,
    localAddress,
    agent: false,
    signal,
  });
  asking.end();
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
  return textOf(response);
}

async function visitHttp2({ target, localAddress, signal }: Visit): Promise<string> {
  const options: ConnectionOptions & { readonly localAddress: string } = {
    host: "127.0.0.1",
    port: target.port,
    localAddress,
    servername: target.host,
    ca: target.root,
    ALPNProtocols: ["h2"],
  };
  const socket = connectTls(options);
  const session = connectHttp2(`https://${target.host}`, { createConnection: () => socket });
  const failed = new Promise<never>((_, reject) => {
    session.once("error", reject);
    session.once("close", () => reject(new Error("the session was closed")));
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  failed.catch(() => {});
  try {
    const stream = session.request({ ":path": target.jwksPath });
    stream.on("error", () => {});
    const answer = async (): Promise<string> => {
      const [response] = (await once(stream, "response")) as [Record<string, unknown>];
      if (response[":status"] !== 200) throw new Error(`status ${String(response[":status"])}`);
      return textOf(stream);
    };
    return await Promise.race([answer(), failed]);
  } finally {
    session.on("error", () => {});
    session.destroy();
  }
}

const reasonOf = (error: unknown): string => {
  const { code, name, message } = error as NodeJS.ErrnoException;
  return name === "TimeoutError" ? "no answer in time" : (code ?? message);
};

/**
 * Fetches the JWK Set as so many clients, each once, from its address and over a connection of its own, every other
 * one over HTTP/2, spread evenly over `seconds`. Nobody asks twice.
 */
export async function goodClients(
  target: Target,
  plan: {
    readonly clients: number;
    readonly addressOf: (index: number) => string;
    readonly seconds: number;
    readonly timeoutSeconds: number;
    readonly expected: string;
  },
): Promise<Answered> {
  const failures: string[] = [];
  const times: number[] = [];
  const visit = async (index: number): Promise<void> => {
    await sleep((index * plan.seconds * 1000) / plan.clients);
    const begun = performance.now();
    const signal = AbortSignal.timeout(plan.timeoutSeconds * 1000);
    const one = { target, localAddress: plan.addressOf(index), signal };
    try {
      const text = await (index % 2 === 0 ? visitHttp1(one) : visitHttp2(one));
      if (text !== plan.expected) throw new Error(`other content, ${text.length} characters`);
      times.push(performance.now() - begun);
    } catch (error) {
      failures.push(reasonOf(error));
    }
  };
  await Promise.all(Array.from({ length: plan.clients }, (_, index) => visit(index)));
  return { clients: plan.clients, failures, times: times.sort((a, b) => a - b) };
}
