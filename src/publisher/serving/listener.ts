import type { Server } from "node:net";
import type { SecureContextOptions } from "node:tls";
import type { ListenAddress } from "../publisher.ts";
import type { Connections } from "../../core/listener/index.ts";
import type { OpenedListener } from "./listen.ts";

/** Something that is listened on. */
export interface Listener {
  /** What was asked for: the same address is kept through a reload. */
  readonly asked: ListenAddress;
  readonly opened: OpenedListener;
  /** Stops accepting and asks clients to go; resolves when the last one went. */
  drain(): Promise<void>;
  /** Changes the certificate for new handshakes that name no server. */
  useDefaults?(options: SecureContextOptions): void;
}

/** Stops accepting, lets what was asked for be answered, and resolves when the last connection closed. */
export async function drainPublic(server: Server, connections: Connections): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  connections.drain(server);
  await closed;
}
