import type { Agent } from "node:https";
import { checkServerIdentity } from "node:tls";

const { Agent: SecureAgent } = process.getBuiltinModule("node:https");

/** Kept for so long without a use, in milliseconds: less than any server keeps them. */
const idle = 5000;
const maxIdle = 16;

/**
 * Connections that are kept for the next exchange with the same server, by the same CA and as the same client, over TLS
 * alone: a handshake costs many times what a small answer does.
 */
export class ConnectionPool {
  /** By the name that certificates are checked for: Node keeps no connection whose check came with the request. */
  readonly #agents = new Map<string, Agent>();

  /** Keeps the connections to servers whose certificate has to be this name's, wherever they are connected to. */
  agentFor(name: string): Agent {
    const known = this.#agents.get(name);
    if (known !== undefined) return known;
    const agent = new SecureAgent({
      keepAlive: true,
      timeout: idle,
      maxFreeSockets: maxIdle,
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    });
    this.#agents.set(name, agent);
    return agent;
  }

  /** Ends those that are not in use. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }
}
