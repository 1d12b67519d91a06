import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A server of whoever wrote the checkout: it keeps all that reaches it, and answers as any API would. */
export interface HostileListener {
  readonly address: string;
  /** Each request whole: its first line, its headers and its body. */
  readonly heard: string[];
  close(): Promise<void>;
}

/** Listens on loopback. */
export async function hostileListener(): Promise<HostileListener> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    const head = [`${request.method} ${request.url}`, ...request.rawHeaders].join("\n");
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      heard.push(`${head}\n\n${body}`);
      response.setHeader("content-type", "application/json").end('{"data":{},"auth":{}}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    heard,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
