import type { Socket } from "node:net";

/** A proxy client's target, verbatim. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Why a client is refused: `reason` is all that many of them show. */
export interface GreetingRefusal {
  readonly status: number;
  /** One line of ASCII. */
  readonly reason: string;
  /** The same and what to do, as sentences. */
  readonly text: string;
}

/** Bytes of the request line and headers of a CONNECT; the largest known client sends 300. */
const maxHead = 8 * 1024;

const end = Buffer.from("\r\n\r\n");

/** Client input as part of a line that goes back to it: cut, and without non-printable and non-ASCII characters. */
export function plain(text: string): string {
  const printable = text.replaceAll(/[^\x21-\x7e]/gu, "?");
  return printable.length > 200 ? `${printable.slice(0, 200)}...` : printable;
}

/** The answer to a client that does not use it as an HTTPS proxy. */
function noConnect(line: string): GreetingRefusal {
  const reason = `podtrust sandbox: the front takes CONNECT alone, and not ${plain(line.split(" ", 1)[0] ?? "")}`;
  return {
    status: 405,
    reason,
    text: `${reason}. Set HTTPS_PROXY to this address, and ask for addresses that begin with https://.`,
  };
}

/** The authority of a CONNECT (RFC 9110 §9.3.6): host and port, both required. */
function targetOf(head: string): Target | GreetingRefusal {
  const [line = ""] = head.split("\r\n", 1);
  const [, authority] = /^CONNECT (\S+) HTTP\/1\.[01]$/u.exec(line) ?? [];
  if (authority === undefined) return noConnect(line);
  const [, host, port] = /^([\w.-]{1,253}|\[[0-9a-f:.]{2,45}\]):(\d{1,5})$/iu.exec(authority) ?? [];
  if (host !== undefined && Number(port) <= 65_535) return { host: host.toLowerCase(), port: Number(port) };
  const reason = `podtrust sandbox: ${plain(authority)} is not a host and a port`;
  return { status: 400, reason, text: `${reason}.` };
}

function refuse(socket: Socket, { status, reason, text }: GreetingRefusal): void {
  const body = `${text}\n`;
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    "content-type: text/plain; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  // Further input is read and discarded: unread bytes would make the client lose the answer.
  socket.resume();
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

const tooLong: GreetingRefusal = {
  status: 431,
  reason: "podtrust sandbox: the request is longer than 8 KiB before its headers end",
  text: "podtrust sandbox: the request is longer than 8 KiB before its headers end.",
};

/**
 * Reads a client's CONNECT, and passes the connection on to TLS unless `judge` refuses its target. Anything else gets
 * an explanation and is closed.
 */
export function greet(
  socket: Socket,
  pass: () => void,
  judge: (target: Target) => GreetingRefusal | undefined,
): void {
  let head = Buffer.alloc(0);
  // A client that disconnects is no failure of ours.
  socket.on("error", () => undefined);
  const gone = (): void => void socket.destroy();
  const heard = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const at = head.indexOf(end);
    if (at === -1 && head.length <= maxHead) return;
    socket.off("data", heard).off("end", gone).pause();
    const target = at === -1 || at > maxHead ? tooLong : targetOf(head.toString("latin1", 0, at));
    const refusal = "status" in target ? target : judge(target);
    if (refusal !== undefined) {
      refuse(socket, refusal);
      return;
    }
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    const rest = head.subarray(at + end.length);
    if (rest.length > 0) socket.unshift(rest);
    pass();
  };
  socket.on("data", heard).on("end", gone);
}
