/**
 * A proxy for HTTP CONNECT on a socket file, `node connect-proxy-program.ts PATH`: run in a node's network, it is the way
 * by which an API server outside of that network reaches Services, pods and the kubelet
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/setup-konnectivity/).
 */
import { createServer } from "node:http";
import { connect } from "node:net";
import process from "node:process";

const server = createServer((_request, response) => response.writeHead(405).end());
server.on("connect", ({ url = "" }, incoming, head) => {
  const { hostname, port } = new URL(`tcp://${url}`);
  const outgoing = connect({
    host: hostname.replaceAll(/[[\]]/gu, ""),
    port: Number(port),
    allowHalfOpen: true,
  });
  outgoing.once("connect", () => {
    incoming.write("HTTP/1.1 200 Connection established\r\n\r\n");
    outgoing.write(head);
    incoming.pipe(outgoing).pipe(incoming);
  });
  // Before the connection stands this is how the API server is told that there is none.
  outgoing.on("error", () => incoming.destroy());
  incoming.on("error", () => outgoing.destroy());
});
server.listen(process.argv[2], () => console.log("listening"));
