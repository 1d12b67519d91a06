import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A port of loopback that leads to a socket in this machine's file system. It keeps no process alive. */
export interface SocketRelay {
  readonly port: number;
  readonly close: () => void;
}

/**
 * Listens on a port of loopback, one that the system chooses for 0, and passes each connection on to the socket at `path`:
 * an ssh that listens itself has to be given a port, which another program may take meanwhile.
 */
export async function relayTo(path: string, port: number): Promise<SocketRelay> {
  const open = new Set<Socket>();
  const pass = (from: Socket, to: Socket): void => {
    open.add(from.unref());
    from.on("error", () => {}).pipe(to);
    from.once("close", (hasFailed) => {
      open.delete(from);
      if (hasFailed || !from.readableEnded) to.destroy();
    });
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const onward = connect({ path, allowHalfOpen: true });
    pass(client, onward);
    pass(onward, client);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
