import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { defined } from "../../src/core/base/index.ts";

/** What is held back until several of it are there. */
export interface Gathered {
  readonly method: string;
  /** The path below the upstream's URL. */
  readonly path: string;
  readonly count: number;
}

/**
 * A way to a server over plain HTTP on which the first requests of one kind wait for one another, so that all of their
 * senders decided before any was answered. Gives its URL; ends with the test.
 */
export async function gatheringRelay(t: TestContext, upstream: string, held: Gathered): Promise<string> {
  const base = new URL(upstream);
  const prefix = base.pathname.replace(/\/$/u, "");
  const waiting: (() => void)[] = [];
  let arrived = 0;
  const turn = (method: string | undefined, path: string): Promise<void> => {
    if (method !== held.method || path !== `${prefix}/${held.path}` || arrived >= held.count)
      return Promise.resolve();
    arrived += 1;
    return new Promise((resolve) => {
      waiting.push(resolve);
      if (arrived === held.count) for (const go of waiting) go();
    });
  };
  const server = createServer((incoming, response) => {
    const { method, url = "/", headers } = incoming;
    void turn(method, url).then(() => {
      const onward = request(
        {
          host: base.hostname,
          port: base.port,
          path: url,
          headers,
          ...defined({ method }),
        },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      onward.on("error", () => response.destroy());
      incoming.pipe(onward);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`;
}
