import { Agent, request } from "node:https";
import { mapLimit } from "../../../src/core/base/index.ts";
import type { ControlPlane } from "../../cluster/harness/index.ts";

/** What of an answer matters here. */
export interface MassAnswer {
  readonly status: number;
  readonly text: string;
}

/** An administrator's client for thousands of objects: connections are kept, so that what is measured is the server's. */
export interface MassClient {
  readonly post: (path: string, body: object) => Promise<MassAnswer>;
  /** Makes objects, many at a time. Throws what the first answer beside 201 says. */
  readonly makeAll: (items: readonly (readonly [path: string, body: object])[]) => Promise<void>;
  readonly close: () => void;
}

const together = 32;

export async function openMassClient(plane: ControlPlane): Promise<MassClient> {
  const { certificate, key } = await plane.issue({
    commonName: "bench",
    organizations: ["system:masters"],
  });
  const agent = new Agent({ keepAlive: true, maxSockets: together, ca: plane.ca, cert: certificate, key });
  const post: MassClient["post"] = (path, body) =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        `${plane.server}${path}`,
        { method: "POST", agent, headers: { "content-type": "application/json" } },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8");
          answer.on("data", (piece: string) => (text += piece));
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
          answer.on("error", reject);
        },
      );
      outgoing.on("error", reject);
      outgoing.end(JSON.stringify(body));
    });
  return {
    post,
    async makeAll(items) {
      await mapLimit(
        items,
        async ([path, body]) => {
          const { status, text } = await post(path, body);
          if (status !== 201) throw new Error(`${path} answers ${status}: ${text}`);
        },
        together,
      );
    },
    close: () => agent.destroy(),
  };
}
