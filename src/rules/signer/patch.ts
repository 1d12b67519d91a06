import { defined, PodtrustError, recordOf, recordsOf, textsOf } from "../../core/base/index.ts";

/** An operation of RFC 6902. */
export interface PatchOperation {
  readonly op: "test" | "add" | "replace" | "remove";
  readonly path: string;
  readonly value?: unknown;
}

const command = "/spec/containers/0/command";
const keyFile = "--service-account-key-file=";
const signingKey = "--service-account-signing-key-file=";

function bad(what: string, next?: string): PodtrustError {
  const sentence = `the manifest of the API server cannot be patched: ${what}`;
  return new PodtrustError("signer-manifest", sentence, defined({ next }));
}

/** Each removal beside the test that the flag stands where it stood, from the last to the first. */
function removals(words: readonly string[], isGone: (word: string) => boolean): readonly PatchOperation[] {
  return words
    .flatMap((word, index) => (isGone(word) ? [{ word, path: `${command}/${index}` }] : []))
    .toReversed()
    .flatMap(({ word, path }): readonly PatchOperation[] => [
      { op: "test", path, value: word },
      { op: "remove", path },
    ]);
}

/**
 * The JSON patch by which kubeadm's static pod of the API server asks a signer, made for the manifest as kubeadm writes it.
 * Both flags of key files have to go, and kubeadm always writes them; where they stand differs from cluster to cluster. So
 * each removal comes after a `test` of the whole flag: a manifest in which another flag stands there is refused, and not
 * changed wrongly. `folder` is that of the socket, which is mounted. Throws `signer-manifest`.
 */
export function endpointPatch(
  pod: unknown,
  { socket, folder }: { readonly socket: string; readonly folder: string },
): readonly PatchOperation[] {
  const spec = recordOf(recordOf(pod)["spec"]);
  const words = textsOf(recordsOf(spec["containers"])[0]?.["command"]);
  if (words[0] !== "kube-apiserver") throw bad("its first container does not run kube-apiserver");
  if (words.some((word) => word.startsWith("--service-account-signing-endpoint=")))
    throw bad(
      "it asks a signer already",
      "Give the manifest as kubeadm writes it: kubeadm init phase control-plane apiserver --dry-run",
    );
  const has = (flag: string): boolean => words.some((word) => word.startsWith(flag));
  if (!has(keyFile) || !has(signingKey)) throw bad("it does not have both flags of key files");
  const mount = { name: "podtrust-signer", mountPath: folder, readOnly: true };
  const volume = { name: "podtrust-signer", hostPath: { path: folder, type: "Directory" } };
  return [
    ...removals(words, (word) => word.startsWith(keyFile) || word.startsWith(signingKey)),
    { op: "add", path: `${command}/-`, value: `--service-account-signing-endpoint=${socket}` },
    { op: "add", path: "/spec/containers/0/volumeMounts/-", value: mount },
    { op: "add", path: "/spec/volumes/-", value: volume },
  ];
}
