import type { Sight } from "./facts.ts";
import type { TaintedKey } from "./tainted.ts";

/** An API server that has a signer sign, as it shows itself at its own address. Key IDs. */
export interface SignedServer {
  readonly name: string;
  /** Of its own JWK Set. */
  readonly verifies: readonly string[];
  /** Of a token that it had made just now; undefined where its signer makes none. */
  readonly signs: string | undefined;
}

/** What is seen of a theft where a signer has the keys. */
export interface SignerSights {
  readonly servers: readonly SignedServer[];
  readonly published: readonly Sight[];
}

const shownBy = ({ verifies, signs }: SignedServer): readonly string[] =>
  signs === undefined ? verifies : [...verifies, signs];

/**
 * The keys that end with a stolen one, that one first; empty where nothing shows it. All that lay in the signer's folder beside it end: what
 * a server that shows it has, and what is published with it. A key of a server that shows it no more was made after it.
 */
export function taintedAtSigner({ servers, published }: SignerSights, stolen: string): readonly TaintedKey[] {
  const has = (kids: readonly string[]): boolean => kids.includes(stolen);
  const shown = servers.map(shownBy);
  const clean = new Set(shown.filter((kids) => !has(kids)).flat());
  const sets = [...shown, ...published.map(({ kids = [] }) => kids)].filter(has);
  const others = [...new Set(sets.flat())].filter((kid) => kid !== stolen && !clean.has(kid));
  if (sets.length === 0) return [];
  return [{ kid: stolen, why: "stolen" }, ...others.map((kid) => ({ kid, why: "beside" as const }))];
}

function leftAt({ name, verifies, signs }: SignedServer, ended: ReadonlySet<string>): readonly string[] {
  const taken = verifies.filter((kid) => ended.has(kid)).map((kid) => `${name} takes tokens of ${kid}`);
  if (signs === undefined) return [...taken, `${name} signs nothing`];
  return ended.has(signs) ? [...taken, `${name} signs with ${signs}`] : taken;
}

function leftOutside(
  { where, kids }: Sight,
  ended: ReadonlySet<string>,
  fresh: readonly string[],
): readonly string[] {
  if (kids === undefined) return [`what is published ${where} cannot be read`];
  return [
    ...kids.filter((kid) => ended.has(kid)).map((kid) => `${kid} is published ${where}`),
    ...fresh.filter((kid) => !kids.includes(kid)).map((kid) => `${kid} is not published ${where}`),
  ];
}

/** What the servers sign with that does not end. */
function freshOf(servers: readonly SignedServer[], ended: ReadonlySet<string>): readonly string[] {
  const signing = servers.flatMap(({ signs }) => (signs === undefined || ended.has(signs) ? [] : [signs]));
  return [...new Set(signing)];
}

const idsOf = (tainted: readonly TaintedKey[]): ReadonlySet<string> => new Set(tainted.map(({ kid }) => kid));

/** Why the theft is not over, as ends of sentences; empty where all of it is shown. */
export function leftAtSigner(
  { servers, published }: SignerSights,
  tainted: readonly TaintedKey[],
): readonly string[] {
  const ended = idsOf(tainted);
  const fresh = freshOf(servers, ended);
  const outside = published.flatMap((sight) => leftOutside(sight, ended, fresh));
  return [
    ...servers.flatMap((server) => leftAt(server, ended)),
    ...(published.length === 0 ? ["nothing is seen from outside"] : outside),
  ];
}

/** The key that signs at each server whose signer was shown to be a fresh one, by the server's name. */
export function freshAtSigner(
  { servers }: Pick<SignerSights, "servers">,
  tainted: readonly TaintedKey[],
): readonly string[] {
  return freshOf(servers, idsOf(tainted));
}

/**
 * What a person types on the nodes, in its order, for what is left alone: sentences, and commands that begin with two spaces. `file`: the
 * config's, as a shell reads it.
 *
 * The signer keeps its keys in /var/lib/podtrust-signer (docs/how-to/signer.md). Why in this order: docs/adr/0041-stolen-key.md.
 */
export function signerStepsText(
  { servers, published }: SignerSights,
  tainted: readonly TaintedKey[],
  file: string,
): readonly string[] {
  const ended = idsOf(tainted);
  const left = servers.filter((server) => leftAt(server, ended).length > 0);
  const signing = left.filter(({ signs }) => signs !== undefined && ended.has(signs));
  const [made] = freshOf(servers, ended);
  const fresh = made ?? "FRESH";
  const first = made === undefined ? left.slice(0, 1) : [];
  const others = left.filter((server) => !first.includes(server));
  const isSeen = published.length > 0 && published.every(({ kids = [] }) => kids.includes(fresh));
  const shown = [...ended].filter((kid) => published.some(({ kids }) => kids?.includes(kid) !== false));
  const at = (those: readonly SignedServer[]): string => those.map(({ name }) => name).join(", ");
  const step = (on: boolean, says: string, ...commands: readonly string[]): readonly string[] =>
    on ? [says, ...commands.map((line) => `  ${line}`)] : [];
  return [
    ...step(
      signing.length > 0,
      `On ${at(signing)}, all of them before anything else. From then on nobody gets a token there, the thief neither:`,
      "systemctl stop podtrust-signer",
      "mv /var/lib/podtrust-signer /root/podtrust-signer.stolen",
    ),
    ...step(first.length > 0, `On ${at(first)}. It names the key, FRESH below:`, "podtrust signer create"),
    ...step(
      !isSeen || shown.length > 0,
      `From here. ${fresh}.pub and ${fresh}.pem lie in /var/lib/podtrust-signer of a node that has the key:`,
      ...(isSeen ? [] : [`podtrust rotate restore ${fresh} --public-key ${fresh}.pub -f ${file}`]),
      ...shown.map((kid) => `podtrust rotate distrust ${kid} --force -f ${file}`),
    ),
    ...step(
      others.length > 0,
      `On ${at(others)}, where ${fresh}.pem was brought by a safe way:`,
      `podtrust signer import ${fresh}.pem`,
    ),
    // The kubelet starts a static pod's container anew (kubernetes.io, "Static Pods").
    ...step(
      left.length > 0,
      `On ${at(left)}, one after the other. An API server keeps the keys that it fetched until it starts anew:`,
      "systemctl start podtrust-signer",
      "crictl stop $(crictl ps --quiet --name kube-apiserver)",
    ),
  ];
}

/** What an answer is where a signer has the keys of these servers: a sentence, before anything is done. */
export const atSignerText = (names: readonly string[]): string =>
  `A signer has the keys of ${names.join(", ")}, and no file that podtrust writes. So this closes relying parties, says the commands for the nodes in their order, and looks, run again, whether they were done.`;

/** How far it was shown, once nothing is left: a sentence. */
export const shownAtSignerText = (fresh: string): string =>
  `By what each API server shows and signs with. It does not show a key that its signer leaves out of its set: podtrust signer status on each node has to list ${fresh} alone.`;
