import { defined, isRecord, recordsOf, textOf } from "../../core/base/index.ts";
import type { StateFolder } from "../../core/files/index.ts";
import type { KeyEndProof, TheftProgress } from "../../control-plane/theft/index.ts";
import type { Taint, TheftWay } from "../../rules/rotation/index.ts";

const file = "theft.json";
const proofs: readonly KeyEndProof[] = ["tokens", "files"];
const ways: readonly TheftWay[] = ["at-once", "thief-reaches-no-api"];
const taints: readonly Taint[] = ["stolen", "beside", "signed", "unvouched"];

const oneOf = <T extends string>(all: readonly T[], value: unknown): T | undefined =>
  all.find((one) => one === value);

/** An answer to a theft as this machine remembers it. */
export interface RememberedTheft extends TheftProgress {
  readonly way: TheftWay;
}

/** What an earlier run on this machine wrote; undefined where there is none, or it is not of this form. */
export async function readProgress(folder: StateFolder): Promise<RememberedTheft | undefined> {
  const text = await folder.read(file);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const stolen = textOf(value["stolen"]);
  if (stolen === undefined) return undefined;
  const fresh = textOf(value["fresh"]);
  const { publishedAt } = value;
  const servers = isRecord(value["servers"]) ? Object.entries(value["servers"]) : [];
  return {
    way: oneOf(ways, value["way"]) ?? "at-once",
    stolen,
    tainted: recordsOf(value["tainted"]).flatMap(({ kid, why }) => {
      const taint = oneOf(taints, why);
      return typeof kid === "string" && taint !== undefined ? [{ kid, why: taint }] : [];
    }),
    ...defined({ fresh, publishedAt: typeof publishedAt === "number" ? publishedAt : undefined }),
    servers: Object.fromEntries(
      servers.flatMap(([name, how]) => {
        const proof = oneOf(proofs, how);
        return proof === undefined ? [] : [[name, proof] as const];
      }),
    ),
  };
}

/** Writes down how far an answer has come, for the next run on this machine. */
export async function keepProgress(folder: StateFolder, progress: RememberedTheft): Promise<void> {
  await folder.replace(file, JSON.stringify(progress));
}

/** The first line of `rotate status` while a theft is remembered. */
export function rememberedText({ way, stolen, fresh, publishedAt, servers }: RememberedTheft): string {
  if (way === "thief-reaches-no-api")
    return `${stolen} was stolen. All rests on one word: that the thief reached no API server. If he did, he is in: podtrust rotate stolen ${stolen} --at-once.`;
  const done = Object.keys(servers);
  const published = publishedAt === undefined ? "not seen to be published alone" : "published alone";
  return fresh === undefined
    ? `${stolen} was stolen, and its answer has only begun: run podtrust rotate stolen ${stolen} --at-once again.`
    : `${stolen} was stolen. ${fresh} takes its place: ${published}; alone at ${done.length === 0 ? "no API server" : done.join(", ")}.`;
}
