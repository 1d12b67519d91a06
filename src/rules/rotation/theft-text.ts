import { type TaintedKey, taintText } from "./tainted.ts";

/** The two answers to a theft. */
export type TheftWay =
  /** Each API server goes in one restart to a key that nobody has had. */
  | "at-once"
  /** The next key signs beside the stolen one: good only where the thief reaches no API server. */
  | "thief-reaches-no-api";

/**
 * What the answer at once costs and proves, in sentences, before anything is done.
 * Source of the renewal: kubernetes/kubernetes, pkg/kubelet/token: at 80 % of a token's life, 24 h at most.
 */
export function atOnceText(tainted: readonly TaintedKey[], open: readonly string[]): readonly string[] {
  return [
    ...tainted.map(taintText),
    "A fresh key takes the place of all of them. Where it is not known how the old one leaked, the fresh one can be taken in the same way; a signer or an HSM keeps it from that.",
    "Relying parties are closed first. Then what is published changes, and then each API server, in one restart.",
    "Every client in the cluster is refused until its kubelet has renewed its token: after 48 minutes for tokens of an hour, 19 hours for those of a day. A restart of the kubelet renews all files of its node at once. CNI, kube-proxy, CoreDNS, CSI and the controller managers are among these clients. A program that reads its token once has to be restarted.",
    "What the thief left behind stays: pods, certificates, roles, what he read. The page lists where to look.",
    ...open.map((one) => `Open: ${one}.`),
  ];
}

/** What is left to a person after it. */
export const afterTheftText: readonly string[] = [
  "It is shown that the stolen key is worth nothing. It is not shown that the thief has nothing else.",
  "Renew the tokens of each node now: systemctl restart kubelet. Make each token in a Secret anew.",
  "Start a publisher that runs in pods anew, and the operator.",
  "Read the list of the page before anything is opened: docs/how-to/runbooks/stolen-key.md.",
];
