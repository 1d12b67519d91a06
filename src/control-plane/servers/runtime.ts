import { isRecord, shellWord } from "../../core/base/index.ts";
import { allBytesOf, bytesField, bytesOf, numberField, numberOf } from "../../core/protobuf/index.ts";
import type { ServerMachine } from "./machine.ts";

/**
 * What a container runtime says of a static pod, over the Container Runtime Interface: gRPC on its unix socket, which root alone
 * may open. curl carries it: crictl may be absent, and a person who logs in by sudo cannot forward root's socket.
 * Source: https://github.com/kubernetes/cri-api/blob/v0.36.0/pkg/apis/runtime/v1/api.proto
 */

/** A static pod's container, as its runtime knows it. */
export type RuntimeLook =
  /** Its first process, as the machine counts. */
  | { readonly kind: "runs"; readonly pid: number }
  | { readonly kind: "none" }
  /** The runtime was not asked, or did not say it. `why`: a sentence's end. */
  | { readonly kind: "not-asked"; readonly why: string };

/** Which pod is meant. */
export interface StaticPodName {
  /** `kube-apiserver-cp-1` */
  readonly pod: string;
  readonly container: string;
}

const namespace = "kube-system";
// The kubelet writes it itself, over what a pod's own metadata says. Source: pkg/kubelet/types/pod_update.go of Kubernetes.
const [sourceKey, fromFile] = ["kubernetes.io/config.source", "file"];
const [running, ready] = [1, 0];
// A node has a few hundred pods, of which a filter leaves one or two.
const maxAnswer = 1024 * 1024;

const entry = (key: string, value: string): Buffer =>
  Buffer.concat([bytesField(1, key), bytesField(2, value)]);

const podLabels = (pod: string): readonly Buffer[] => [
  entry("io.kubernetes.pod.namespace", namespace),
  entry("io.kubernetes.pod.name", pod),
];

/** ListPodSandboxRequest */
const sandboxesOf = (pod: string): Buffer =>
  bytesField(1, Buffer.concat(podLabels(pod).map((label) => bytesField(3, label))));

/** ListContainersRequest, of those that run. */
const containersOf = (pod: string): Buffer => {
  const state = bytesField(2, numberField(1, running));
  return bytesField(1, Buffer.concat([state, ...podLabels(pod).map((label) => bytesField(4, label))]));
};

/** ContainerStatusRequest, with what only `verbose` tells. */
const statusOf = (id: string): Buffer => Buffer.concat([bytesField(1, id), numberField(2, 1)]);

const textIn = (message: Buffer, field: number): string => bytesOf(message, field).toString("utf8");

/** The value of a map's key. */
function inMap(message: Buffer, field: number, key: string): string | undefined {
  const found = allBytesOf(message, field).findLast((one) => textIn(one, 1) === key);
  return found === undefined ? undefined : textIn(found, 2);
}

/** Whether a PodSandbox is that of the static pod. */
function isStaticPod(sandbox: Buffer, pod: string): boolean {
  const metadata = bytesOf(sandbox, 2);
  const isNamed = textIn(metadata, 1) === pod && textIn(metadata, 3) === namespace;
  return isNamed && numberOf(sandbox, 3) === ready && inMap(sandbox, 6, sourceKey) === fromFile;
}

/** IDs of the containers of this name that run in one of these sandboxes. */
function runningIn(sandboxes: readonly string[], containers: Buffer, name: string): readonly string[] {
  return allBytesOf(containers, 1).flatMap((one) => {
    const isMeant = sandboxes.includes(textIn(one, 2)) && textIn(bytesOf(one, 3), 1) === name;
    return isMeant && numberOf(one, 6) === running ? [textIn(one, 1)] : [];
  });
}

/** containerd and CRI-O put it into the text `info`, which is JSON. */
function pidOf(status: Buffer): number | undefined {
  try {
    const info: unknown = JSON.parse(inMap(status, 2, "info") ?? "");
    const pid = isRecord(info) ? info["pid"] : undefined;
    return Number.isSafeInteger(pid) ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}

/** One call after the other. `answer BASE64` for each. */
function callsTo(socket: string, calls: readonly (readonly [string, Buffer])[]): string {
  const each = calls.map(([method, message]) => `call ${method} ${frameOf(message).toString("base64")}`);
  return `set -eu
if [ ! -S ${shellWord(socket)} ]; then echo 'no-socket -'; exit 0; fi
command -v curl >/dev/null || { echo 'no-curl -'; exit 0; }
call() {
  printf 'answer %s\\n' "$(printf %s "$2" | base64 -d | curl -q -s --noproxy '*' --http2-prior-knowledge --max-time 20 \\
    --unix-socket ${shellWord(socket)} -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @- \\
    "http://localhost/runtime.v1.RuntimeService/$1" | head -c ${maxAnswer} | base64 -w0)"
}
${each.join("\n")}
`;
}

// gRPC: a byte for compression, and the length in four.
const prefix = 5;

function frameOf(message: Buffer): Buffer {
  const head = Buffer.alloc(prefix);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The message of an answer; undefined where there is none. */
function messageOf(encoded: string): Buffer | undefined {
  const frame = Buffer.from(encoded, "base64");
  if (frame.length < prefix || frame[0] !== 0 || frame.readUInt32BE(1) !== frame.length - prefix)
    return undefined;
  return frame.subarray(prefix);
}

/** The answers to calls, or why there are none. */
async function ask(
  machine: ServerMachine,
  socket: string,
  calls: readonly (readonly [string, Buffer])[],
  signal: AbortSignal,
): Promise<readonly Buffer[] | string> {
  const output = await machine.run(`asking ${socket}`, callsTo(socket, calls), signal);
  const lines = output.split("\n").map((line) => line.split(" "));
  if (lines.some(([word]) => word === "no-socket")) return `there is no container runtime at ${socket}`;
  if (lines.some(([word]) => word === "no-curl"))
    return `curl is not installed there, by which its container runtime is asked`;
  const answers = lines.flatMap(([word, encoded = ""]) => (word === "answer" ? [messageOf(encoded)] : []));
  const messages = answers.filter((one) => one !== undefined);
  return messages.length === calls.length
    ? messages
    : `the container runtime at ${socket} did not answer curl, which has to know HTTP/2`;
}

const malformed = (socket: string): RuntimeLook => ({
  kind: "not-asked",
  why: `the container runtime at ${socket} answered something else than a list of containers`,
});

/**
 * The process of a static pod's container: of namespace kube-system, from a file of the kubelet's own, running. No pod that a
 * tenant may make is one. Throws `ssh-*`, `host-*`.
 */
export async function staticContainer(
  machine: ServerMachine,
  { socket, pod, container }: StaticPodName & { readonly socket: string },
  signal: AbortSignal,
): Promise<RuntimeLook> {
  const calls = [
    ["ListPodSandbox", sandboxesOf(pod)],
    ["ListContainers", containersOf(pod)],
  ] as const;
  const lists = await ask(machine, socket, calls, signal);
  if (typeof lists === "string") return { kind: "not-asked", why: lists };
  try {
    const [pods = Buffer.alloc(0), containers = Buffer.alloc(0)] = lists;
    const sandboxes = allBytesOf(pods, 1).filter((one) => isStaticPod(one, pod));
    const ids = runningIn(
      sandboxes.map((one) => textIn(one, 1)),
      containers,
      container,
    );
    const [id] = ids;
    // One that ends beside one that begins: soon there is one.
    if (id === undefined || ids.length > 1) return { kind: "none" };
    const said = await ask(machine, socket, [["ContainerStatus", statusOf(id)]], signal);
    if (typeof said === "string") return { kind: "none" };
    const pid = pidOf(said[0] ?? Buffer.alloc(0));
    if (pid !== undefined) return pid > 0 ? { kind: "runs", pid } : { kind: "none" };
    return { kind: "not-asked", why: `the container runtime at ${socket} names no process of a container` };
  } catch (error) {
    if (error instanceof RangeError) return malformed(socket);
    throw error;
  }
}
