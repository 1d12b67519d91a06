import { connect } from "node:net";
import { text } from "node:stream/consumers";

/** What a client may write that Node's would not: any target, and as many hosts as it likes. */
export interface RawRequest {
  readonly target: string;
  readonly hosts: readonly string[];
  readonly headers?: readonly string[];
}

/** The first line of the answer of a server of plain HTTP on loopback. */
export async function lineFor(url: string, { target, hosts, headers = [] }: RawRequest): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port) });
  const lines = [`GET ${target} HTTP/1.1`, ...hosts.map((host) => `Host: ${host}`), ...headers];
  socket.write(`${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n`);
  return (await text(socket)).split("\r\n")[0] ?? "";
}
