import { createServer as createPlain, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTls } from "node:https";
import type { AddressInfo } from "node:net";
import type { TestCertificate } from "../../support/certificates.ts";

/** A server of whoever wrote the checkout: it keeps all that reaches it, and answers as any API would. */
export interface HostileListener {
  /** `https://127.0.0.1:PORT` with a certificate, else `http://`. */
  readonly address: string;
  /** Each request whole: its first line, its headers and its body. */
  readonly heard: string[];
  close(): Promise<void>;
}

function keepIn(heard: string[]): RequestListener {
  return (request: IncomingMessage, response) => {
    const head = [`${request.method} ${request.url}`, ...request.rawHeaders].join("\n");
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      heard.push(`${head}\n\n${body}`);
      response.setHeader("content-type", "application/json").end('{"data":{},"auth":{}}');
    });
  };
}

/** Listens on loopback. */
export async function hostileListener(tls?: TestCertificate): Promise<HostileListener> {
  const heard: string[] = [];
  const server =
    tls === undefined
      ? createPlain(keepIn(heard))
      : createTls({ cert: tls.certificate, key: tls.key }, keepIn(heard));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    heard,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
