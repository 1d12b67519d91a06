import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A port of loopback that leads to others, each connection to the next: what a Service is to its pods. */
export interface Balancer extends AsyncDisposable {
  readonly port: number;
  /** Where connections go from now on, in turn. */
  lead(ports: readonly number[]): void;
}

/** Opens one that leads nowhere yet. */
export async function openBalancer(): Promise<Balancer> {
  let ports: readonly number[] = [];
  let turn = 0;
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const port = ports[(turn += 1) % ports.length];
    if (port === undefined) return void incoming.destroy();
    const outgoing = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy()).on("close", () => sockets.delete(one));
      one.pipe(other);
    }
    return undefined;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    lead(next) {
      ports = next;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
