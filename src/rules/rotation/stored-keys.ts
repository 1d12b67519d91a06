import type { RotationFacts, ServerKeys } from "./facts.ts";
import { type MoveRefusal, namesText, refused, startDiffers, unfit } from "./verdict.ts";

/**
 * Servers of k3s and RKE2: at each start they compare their key file with the copy in their datastore, and end if a file is newer.
 * Source: k3s, pkg/cluster/bootstrap.go, ReconcileBootstrapData; seen on v1.34.3+k3s1.
 */
const withStoredKeys = ({ servers }: Pick<RotationFacts, "servers">): RotationFacts["servers"] =>
  servers.filter(({ distribution }) => distribution === "k3s" || distribution === "rke2");

/** What does it, and the same by hand; a sentence. Source: https://docs.k3s.io/cli/certificate */
const byHand = (program: string): string =>
  `podtrust rotate stolen with --at-once does that. By hand: put a new key alone into FOLDER/tls/service.key, run ${program} certificate rotate-ca --force --path FOLDER, and restart each server.`;

const wayOut =
  "If a server no longer starts since podtrust changed its key file: podtrust adopt undo --without-api puts it back.";

/** Why the next key does not answer a theft on k3s or RKE2; undefined where no API server is of them. */
export function keysInDatastore(facts: Pick<RotationFacts, "servers">): MoveRefusal | undefined {
  const found = withStoredKeys(facts);
  const [first] = found;
  if (first?.distribution === undefined) return undefined;
  const { distribution } = first;
  return refused(
    "keys-in-datastore",
    `${namesText(found.map(({ name }) => name))} ${found.length === 1 ? "runs" : "run"} ${distribution}, which keeps its keys in its datastore: a stolen one ends at once by its own command`,
    `${wayOut} ${byHand(distribution)}`,
  );
}

/** The same for giving a key up: nothing is written where no key file has it. */
export function keptInDatastore(facts: RotationFacts, kid: string): MoveRefusal | undefined {
  return withStoredKeys(facts).some(({ files }) => files.verify.includes(kid))
    ? storedKeysRefusal(facts)
    : undefined;
}

/** The first releases that have `certificate rotate-ca`, by Kubernetes' minor; later minors have it. Source: https://docs.k3s.io/cli/certificate */
const firstPatch: Readonly<Record<number, number>> = { 24: 11, 25: 7, 26: 2 };

/** Whether a version of k3s or RKE2 takes keys by its own command; one that is not known counts as old. */
function hasRotateCa({ version = "" }: ServerKeys): boolean {
  const [, minor = "0", patch = "0"] = /^v1\.(\d+)\.(\d+)/u.exec(version) ?? [];
  return Number(minor) > 26 || Number(patch) >= (firstPatch[Number(minor)] ?? Infinity);
}

/** What of this way of keeping keys nobody has run; undefined for k3s on one server with SQLite or a database beside it. */
function untriedPart(servers: RotationFacts["servers"]): string | undefined {
  if (servers.some(({ distribution }) => distribution === "rke2"))
    return "RKE2: its code was read, and its command is k3s' own";
  if (servers.length > 1)
    return "several servers of k3s: that one list in the datastore is every server's, and each takes it by a restart, was read in its code";
  return servers.some(({ datastore }) => datastore === "embedded-etcd")
    ? "k3s on embedded etcd: that its list of keys is compared and stored as with SQLite was read in its code"
    : undefined;
}

/** Why API servers of k3s or RKE2 are not given other keys by their own command; undefined where they are. */
export function storedKeysRefusal(
  facts: Pick<RotationFacts, "servers" | "untried">,
): MoveRefusal | undefined {
  const found = withStoredKeys(facts);
  const old = found.find((server) => !hasRotateCa(server));
  if (old !== undefined) {
    return refused(
      "no-rotate-ca",
      `${old.name} runs ${old.version ?? "an unknown version"}, whose ${old.distribution} cannot be given other keys`,
      "Upgrade it to 1.26.2, 1.25.7, 1.24.11 or later first.",
    );
  }
  const untried = facts.untried === true ? undefined : untriedPart(found);
  if (untried === undefined) return undefined;
  return refused(
    "untried",
    `nobody has changed the keys of such a cluster by podtrust, beside stand-ins. ${untried}`,
    "Try it on a copy of the cluster. Then run the same command with --untried.",
  );
}

/** What is asked before the keys of k3s or RKE2 are changed: there is no other way back than these copies. Undefined where nothing is. */
export function toCopyFirst(facts: RotationFacts): string | undefined {
  const found = withStoredKeys(facts);
  const [first] = found;
  if (first?.distribution === undefined) return undefined;
  const { distribution } = first;
  const folder = `/var/lib/rancher/${distribution}/server`;
  return `${distribution} keeps its keys in its datastore: copy ${folder}/token, ${folder}/tls and the datastore (${folder}/db, or the database that it is given) from ${namesText(found.map(({ name }) => name))}. A rotation of a CA that ${distribution} has stored and no restart has taken yet would be taken back: restart the servers first`;
}

/** The conditions of a move that gives API servers other keys. `goesOn`: it answers a theft, with what will be started. */
export function unfitToChange(facts: RotationFacts, goesOn = false): MoveRefusal | undefined {
  return storedKeysRefusal(facts) ?? unfit(facts) ?? (goesOn ? undefined : startDiffers(facts));
}
