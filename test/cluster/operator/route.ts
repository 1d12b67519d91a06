import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { ControlPlane } from "../harness/index.ts";

/** The network between an operator and an API server: connections can be cut, and refused for a while. */
export class Route {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  private constructor(to: number) {
    this.#server = createServer((incoming) => {
      const outgoing = connect({ host: "127.0.0.1", port: to });
      incoming.pipe(outgoing).pipe(incoming);
      for (const [one, other] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        this.#sockets.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
    });
  }

  /** Opens one to the first API server. */
  static async to({ server }: ControlPlane): Promise<Route> {
    const route = new Route(Number(new URL(server).port));
    await route.open();
    return route;
  }

  /** Path of a kubeconfig as another, by this route. */
  kubeconfig({ folder, server }: ControlPlane, path: string): string {
    const text = readFileSync(path, "utf8").replace(server, `https://127.0.0.1:${this.#port}`);
    const own = join(folder, `kubeconfig-by-${this.#port}`);
    writeFileSync(own, text, { mode: 0o600 });
    return own;
  }

  /** Resets all connections. One whose end is being told is closed: Node 26 would never let go of it, nor then end. */
  cut(): void {
    for (const one of this.#sockets) {
      if (one.writableEnded) one.destroy();
      else one.resetAndDestroy();
    }
  }

  /** Lets nobody through any more: whoever connects is refused. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.cut();
    await closed;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }
}
