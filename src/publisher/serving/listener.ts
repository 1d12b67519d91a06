import type { Server } from "node:net";
import type { SecureContextOptions } from "node:tls";
import type { ListenAddress } from "../contract.ts";
import type { Connections } from "../../core/listener/index.ts";
import type { OpenedListener } from "./listen.ts";

/** An open listener. */
export interface Listener {
  /** What was configured: the same address is kept through a reload. */
  readonly asked: ListenAddress;
  readonly opened: OpenedListener;
  /** Stops accepting and asks clients to leave; resolves when the last one is gone. */
  drain(): Promise<void>;
  /** Changes the certificate for new handshakes that name no server. */
  useDefaults?(options: SecureContextOptions): void;
}

/** Stops accepting, answers pending requests, and resolves when the last connection has closed. */
export async function drainPublic(server: Server, connections: Connections): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  connections.drain(server);
  await closed;
}
