/**
 * A container runtime as far as it is asked about static pods: gRPC on a unix socket, three methods of runtime.v1.RuntimeService.
 * Shares no code with what asks it. Sources: api.proto of k8s.io/cri-api v0.36.0 for the messages; containerd 2.2's
 * internal/cri/server/container_status.go for `info`, JSON with the member `pid`.
 */
import { createServer, type ServerHttp2Stream } from "node:http2";

/** A pod of one container, as a kubelet has a runtime make it. */
export interface RuntimePod {
  readonly name: string;
  readonly namespace: string;
  readonly container: string;
  /** `file` for a static pod, `api` for any other. */
  readonly source: string;
  /** Of its container's first process; undefined where none runs. */
  readonly pid: number | undefined;
}

const number = (value: number): number[] =>
  value > 127 ? [(value % 128) | 128, ...number(Math.floor(value / 128))] : [value];
const bytes = (field: number, value: string | Buffer): Buffer => {
  const content = Buffer.from(value);
  return Buffer.concat([Buffer.from([field * 8 + 2, ...number(content.length)]), content]);
};
const whole = (field: number, value: number): Buffer => Buffer.from([field * 8, ...number(value)]);
const pair = (field: number, key: string, value: string): Buffer =>
  bytes(field, Buffer.concat([bytes(1, key), bytes(2, value)]));

const [running, exited] = [1, 2];
const idOf = ({ namespace, name }: RuntimePod, kind: string): string => `${kind}-of-${namespace}-${name}`;

const sandbox = (pod: RuntimePod): Buffer =>
  Buffer.concat([
    bytes(1, idOf(pod, "sandbox")),
    bytes(2, Buffer.concat([bytes(1, pod.name), bytes(2, "uid"), bytes(3, pod.namespace)])),
    // SANDBOX_READY is 0, which is left out.
    pair(5, "io.kubernetes.pod.name", pod.name),
    pair(6, "kubernetes.io/config.seen", "2026-12-01T00:00:00Z"),
    pair(6, "kubernetes.io/config.source", pod.source),
  ]);

const container = (pod: RuntimePod): Buffer =>
  Buffer.concat([
    bytes(1, idOf(pod, "container")),
    bytes(2, idOf(pod, "sandbox")),
    bytes(3, bytes(1, pod.container)),
    whole(6, pod.pid === undefined ? exited : running),
  ]);

function answerTo(method: string, request: Buffer, pods: readonly RuntimePod[]): Buffer {
  // A filter by labels has the pod's name in it; one that names no pod of ours gets all, and is to look itself.
  const asked = pods.filter(({ name }) => request.includes(name));
  if (method === "ListPodSandbox") return Buffer.concat(asked.map((pod) => bytes(1, sandbox(pod))));
  if (method === "ListContainers") return Buffer.concat(asked.map((pod) => bytes(1, container(pod))));
  const meant = pods.find((pod) => request.includes(idOf(pod, "container")));
  if (meant === undefined) throw new Error("no such container");
  return pair(2, "info", JSON.stringify({ sandboxID: idOf(meant, "sandbox"), pid: meant.pid ?? 0 }));
}

function reply(stream: ServerHttp2Stream, path: string, frame: Buffer, pods: readonly RuntimePod[]): void {
  const method = path.replace("/runtime.v1.RuntimeService/", "");
  try {
    const message = answerTo(method, frame.subarray(5), pods);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.concat([head, message]));
  } catch {
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", "grpc-status": "5" },
      { endStream: true },
    );
  }
}

/** Starts it; it ends with its process, or by `close`. */
export function startRuntime(
  socket: string,
  pods: () => readonly RuntimePod[],
): Promise<{ readonly close: () => void }> {
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    const parts: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => reply(stream, headers[":path"] ?? "", Buffer.concat(parts), pods()));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, () => resolve({ close: () => server.close() }));
  });
}
