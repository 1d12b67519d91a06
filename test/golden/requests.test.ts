/**
 * What the commands that only look ask API server, clouds and issuer: each request, and how often. One more is a cost for
 * whoever is asked, and may need a right that nobody gave.
 */
import { type ChannelListener, subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { recordOf, textOf } from "../../src/core/base/index.ts";
import { cloudsWorld } from "../support/clouds-world.ts";
import { golden, linesOf } from "./golden.ts";
import { Recording } from "./recording.ts";
import { Placeholders } from "./shown.ts";

/** What is asked at a server of this process over TLS, by its port. */
function requestsAt(t: TestContext, port: number): string[] {
  const lines: string[] = [];
  const listener: ChannelListener = (message) => {
    const { method, url, socket } = (message as { readonly request: IncomingMessage }).request;
    if (socket.localPort === port) lines.push(`${method} ${decodeURIComponent(url ?? "")}`);
  };
  subscribe("http.server.request.start", listener);
  t.after(() => unsubscribe("http.server.request.start", listener));
  return lines;
}

/** Each line once, with how often it came: what is asked side by side comes in any order. */
function counted(lines: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return [...counts]
    .map(([line, count]) => `${count} ${line}`)
    .sort((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1));
}

describe("the golden requests", () => {
  test("of commands that look at a stack at AWS, Google and Azure are these, and no more", async (t) => {
    const recording = new Recording(t, { reads: true });
    const world = await cloudsWorld({
      through: (vendor, addresses) => recording.environment(vendor, addresses),
    });
    t.after(() => world.close());
    const atCluster = requestsAt(t, world.clusterPort);
    const { issuer } = world;
    const file: string[] = [];
    const commands = ["status", "test", "map", `doctor ${issuer.issuer}`, "doctor"];
    for (const command of commands) {
      recording.take();
      issuer.requests.splice(0);
      atCluster.splice(0);
      const { code } = await world.run(command.split(" "), "given");
      const ofVendors = recording.take().map(({ line, body }) =>
        // AWS's Query protocol has its action in the form.
        [line, textOf(recordOf(body)["Action"]) ?? ""].join(" ").trimEnd(),
      );
      const lines = [
        ...atCluster.map((line) => `cluster ${line}`),
        ...issuer.requests.map((line) => `issuer GET ${line}`),
        ...ofVendors,
      ];
      const placeholders = new Placeholders();
      file.push(
        `### ${code} podtrust ${command}`,
        ...counted(lines.map((line) => placeholders.text(line))),
        "",
      );
    }
    golden("requests.txt", linesOf(file));
  });
});
