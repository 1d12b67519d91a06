import { type KeySources, taintedAt, type TaintedKey, taintText } from "./tainted.ts";
import type { LegacyToken } from "./facts.ts";
import type { TheftProgress } from "./theft-record.ts";

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
  "Renew the tokens of each other node now: systemctl restart kubelet, k3s-agent or rke2-agent there.",
  "A publisher that is not in pods needs another token for the cluster, if it has one in a file.",
  "Read the list of the page before anything is opened: docs/how-to/runbooks/stolen-key.md.",
];

/**
 * Which credentials podtrust's own parts have, in sentences, before anything is done. `ending`: this run's, where it ends with the key;
 * `instead`: where what takes its place comes from.
 */
export function ownCredentials(ending: string | undefined, instead: string | undefined): readonly string[] {
  return [
    ending === undefined
      ? "This run's credential does not end with the key."
      : `This run's credential is ${ending}, which ends with the key: the client certificate of ${instead} takes its place.`,
    "The operator, and a publisher in pods, have tokens of their pods, which end with the key: their pods are made anew after the last server's proof.",
    "A publisher elsewhere that has a token in a file needs another one then: podtrust renew-token, or podtrust up.",
  ];
}

/** Tokens in Secrets that a fresh key alone makes worthless, and how each is made anew: sentences. */
export function secretsText(legacy: readonly LegacyToken[], fresh: string): readonly string[] {
  return legacy
    .filter(({ kid }) => kid !== fresh)
    .map(
      ({ namespace, name, serviceAccount }) =>
        // Source: kubernetes/kubernetes, pkg/controller/serviceaccount/tokens_controller.go: a Secret without a token gets one.
        `The token in Secret ${namespace}/${name} of ServiceAccount ${serviceAccount} is refused. Make it anew: kubectl patch secret -n ${namespace} ${name} --type json -p '[{"op":"remove","path":"/data/token"}]'`,
    );
}

/** Where the keys of remembered thefts are of use still, or again: sentences. */
export function stillTakenText(
  thefts: readonly TheftProgress[],
  sources: Pick<KeySources, "servers">,
): readonly string[] {
  return thefts.flatMap(({ stolen, way, tainted }) => {
    const kids = new Set([stolen, ...tainted.map(({ kid }) => kid)]);
    const end =
      way === "at-once"
        ? `podtrust rotate stolen ${stolen} --at-once ends that`
        : `podtrust rotate finish verifiers ${stolen} --accept-loss ends that`;
    return taintedAt(sources, [...kids]).map(
      (server) => `${server.name} has ${server.kids.join(", ")}, which is distrusted: ${end}.`,
    );
  });
}

/** A remembered theft, as `rotate status` says it first of all. */
export function theftProgressText({ way, stolen, fresh, publishedAt, servers }: TheftProgress): string {
  const again = `podtrust rotate stolen ${stolen} --at-once`;
  if (way === "thief-reaches-no-api")
    return `${stolen} was stolen. All rests on one word: that the thief reached no API server. If he did, he is in: ${again}.`;
  if (fresh === undefined) return `${stolen} was stolen, and its answer has only begun: run ${again} again.`;
  const names = Object.keys(servers);
  const published = publishedAt === undefined ? "not seen to be published alone" : "published alone";
  return `${stolen} was stolen. ${fresh} takes its place: ${published}; alone at ${names.length === 0 ? "no API server" : names.join(", ")}.`;
}
