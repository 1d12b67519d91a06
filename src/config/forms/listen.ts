import { isIP, isIPv6 } from "node:net";

/** Where to listen: an address and a port, or a socket that systemd opened, by its FileDescriptorName. */
export type ListenSpec = { readonly host: string; readonly port: number } | { readonly systemd: string };

/**
 * An address to listen on: `[::]:443`, `0.0.0.0:80`, `127.0.0.1:9890`, `localhost:9890`, or `systemd:NAME` for
 * a socket that systemd opened under that FileDescriptorName. Undefined when it is none of these.
 */
export function parseListen(text: string): ListenSpec | undefined {
  const socket = /^systemd:([A-Za-z0-9_.-]{1,255})$/u.exec(text);
  if (socket?.[1] !== undefined) return { systemd: socket[1] };
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:]+)):(\d{1,5})$/u.exec(text);
  if (parts === null) return undefined;
  const [, v6, other, portText] = parts;
  const port = Number(portText);
  if (port > 65_535) return undefined;
  if (v6 !== undefined) return isIPv6(v6) ? { host: v6, port } : undefined;
  if (other === undefined || (other !== "localhost" && isIP(other) !== 4)) return undefined;
  return { host: other, port };
}

/** The same address as text. */
export function listenText(address: ListenSpec): string {
  if ("systemd" in address) return `systemd:${address.systemd}`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
