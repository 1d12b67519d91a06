import { PodtrustError } from "../../core/base/index.ts";

/** `127.0.0.1:9891`, `[::1]:9891`. Throws `usage`. */
export function addressOf(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[(?<six>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]]+)):(?<port>\d{1,5})$/u.exec(text);
  const { six, host = six, port } = match?.groups ?? {};
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new PodtrustError("usage", `${text} is not an address and a port`, {
    next: "Give one such as 127.0.0.1:9891 or [::1]:9891.",
  });
}
