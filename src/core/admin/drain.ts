import type { Server } from "node:net";

/** How often a draining server looks for connections that have become idle, in milliseconds. */
const sweep = 25;

interface DrainableServer extends Server {
  closeIdleConnections(): void;
}

/** Stops accepting, lets requests end and closes what is idle until nothing is left. */
export async function drainServer(server: DrainableServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const sweeper = setInterval(() => server.closeIdleConnections(), sweep);
  try {
    await closed;
  } finally {
    clearInterval(sweeper);
  }
}
