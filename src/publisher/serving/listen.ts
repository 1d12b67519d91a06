import { once } from "node:events";
import { fstatSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { errorText, type Logger, PodtrustError } from "../../core/base/index.ts";
import type { BoundAddress, ListenAddress } from "../contract.ts";

/** An address as text: `[::1]:443`. */
export function listenText(address: ListenAddress): string {
  if ("fd" in address) return `socket ${address.fd} of LISTEN_FDS`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

async function bind(server: Server, address: ListenAddress): Promise<void> {
  // More than the default of 511: a burst of handshakes waits in the kernel rather than being refused.
  const backlog = 1024;
  server.listen("fd" in address ? { fd: address.fd, backlog } : { ...address, backlog });
  await once(server, "listening");
}

/** A place to listen on. */
export interface OpenedListener {
  /** Where; without a port until clients are accepted. */
  readonly bound: BoundAddress;
  /** Accepts from now on, unless it already does. Throws `publisher-listen`. */
  accept(): Promise<void>;
}

/**
 * Opens an address. A socket that a service manager opened queues clients, even through a restart, so none is accepted
 * until everything can be answered: until `accept` is called. Throws `publisher-listen`.
 */
export async function openOn(server: Server, asked: ListenAddress, logger: Logger): Promise<OpenedListener> {
  let bound: BoundAddress | undefined;
  const accept = async (): Promise<void> => {
    bound ??= await listenOn(server, asked, logger);
  };
  if (!("fd" in asked)) await accept();
  else if (!isSocket(asked.fd))
    throw new PodtrustError("publisher-listen", `${listenText(asked)} is no socket`);
  return {
    accept,
    get bound() {
      return bound ?? { address: listenText(asked), port: 0 };
    },
  };
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}

const withoutIpv6 = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL"]);

/** Listens; `[::]` means IPv4 as well, and IPv4 alone on a machine without IPv6. Throws `publisher-listen`. */
export async function listenOn(
  server: Server,
  address: ListenAddress,
  logger: Logger,
): Promise<BoundAddress> {
  try {
    await bind(server, address).catch(async (error: NodeJS.ErrnoException) => {
      const everywhere = "host" in address && address.host === "::";
      if (!everywhere || !withoutIpv6.has(error.code ?? "")) throw error;
      logger.warn(`this machine has no IPv6: ${listenText(address)} is listened on over IPv4 alone`);
      await bind(server, { host: "0.0.0.0", port: address.port });
    });
  } catch (cause) {
    const sentence = `${listenText(address)} could not be listened on: ${errorText(cause)}`;
    throw new PodtrustError("publisher-listen", sentence, { cause });
  }
  const bound = server.address() as AddressInfo;
  return { address: bound.address, port: bound.port };
}
