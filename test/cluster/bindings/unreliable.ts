import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What becomes of one call: the answer of a throttling or ailing AWS, none at all, or the work is done and the answer
 * lost.
 */
export type Mishap = "throttle" | "unavailable" | "silence" | "lose";

/** AWS behind a bad day: passes calls on, but those for which `mishap` says otherwise. */
export interface Unreliable {
  readonly url: string;
  /** AssumeOutcome before each call, with its action: `CreateRole`. */
  mishap: (action: string) => Mishap | undefined;
  /** The actions of all calls that reached AWS. */
  readonly passed: string[];
  /** The names of the roles that those were to make, one for each call. */
  readonly created: string[];
  readonly close: () => Promise<void>;
}

const errorXml = (code: string, message: string): string =>
  `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;

/** Starts one in front of a sandbox, on loopback. */
export async function startUnreliable(target: string): Promise<Unreliable> {
  const passed: string[] = [];
  const created: string[] = [];
  const state: Pick<Unreliable, "mishap"> = { mishap: () => undefined };
  const server = createServer((incoming, outgoing) => {
    const pieces: Buffer[] = [];
    incoming.on("data", (piece: Buffer) => pieces.push(piece));
    incoming.on("end", () => {
      const body = Buffer.concat(pieces);
      const call = new URLSearchParams(body.toString());
      const action = call.get("Action") ?? "";
      const mishap = state.mishap(action);
      if (mishap === "silence") return;
      if (mishap === "throttle" || mishap === "unavailable") {
        const [status, text] =
          mishap === "throttle"
            ? [400, errorXml("Throttling", "Rate exceeded")]
            : [503, errorXml("ServiceFailure", "trouble")];
        outgoing.writeHead(status, { "content-type": "text/xml" }).end(text);
        return;
      }
      passed.push(action);
      if (action === "CreateRole") created.push(call.get("RoleName") ?? "");
      const { method = "POST", url = "/", headers } = incoming;
      const onward = request(`${target}${url}`, { method, headers, agent: false }, (answer) => {
        // AWS may be closed in the middle of an answer that nobody waits for any more.
        answer.on("error", () => outgoing.destroy());
        if (mishap === "lose") {
          answer.resume();
          answer.on("end", () => outgoing.destroy());
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on("error", () => outgoing.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    created,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  });
}
