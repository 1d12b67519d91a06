/**
 * Hands connections on, from one end to another: `node relay-program.ts '{"from": END, "to": END}'`, where END is what
 * node:net listens on and connects to. A socket file is the same in every network namespace.
 */
import { connect, createServer, type NetConnectOpts, type ListenOptions } from "node:net";
import process from "node:process";

const { from, to } = JSON.parse(process.argv[2] ?? "") as { from: ListenOptions; to: NetConnectOpts };
const server = createServer({ allowHalfOpen: true }, (incoming) => {
  const outgoing = connect({ ...to, allowHalfOpen: true });
  incoming.pipe(outgoing).pipe(incoming);
  for (const [one, other] of [
    [incoming, outgoing],
    [outgoing, incoming],
  ] as const) {
    one.on("error", () => other.destroy());
  }
});
server.listen(from, () => console.log("listening"));
