import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import process from "node:process";

/*
 * Below the ports that systems give to connections and to listeners without a spec (Linux from 32768, macOS and RFC 6335
 * from 49152) and below Kubernetes' node ports (from 30000): only who asks for such a port by number has it.
 */
const first = 18_000;
const count = 6000;
// Processes that run side by side begin apart.
let next = (process.pid * 97) % count;

/**
 * Whether this process alone may use the port until it ends. It then holds the UDP port that lies as far above, which no
 * server is told: a program that listens on all addresses of its port, or by UDP, finds it free.
 */
export async function claim(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  try {
    socket.bind({ port: port + count, address: "127.0.0.1", exclusive: true });
    await once(socket, "listening");
    socket.unref();
    return true;
  } catch {
    socket.close();
    return false;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server: Server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return true;
  } catch {
    return false;
  }
}

/**
 * A TCP port of loopback that nobody listens on, for a program that has to be told its port: no other process that asks
 * here gets the same one while this one runs, and the system gives it to nobody. Who can, listens on port 0 instead.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < count; tries += 1) {
    const port = first + next;
    next = (next + 1) % count;
    if ((await claim(port)) && (await isFree(port))) return port;
  }
  throw new Error(`no port from ${first} to ${first + count - 1} is free`);
}
