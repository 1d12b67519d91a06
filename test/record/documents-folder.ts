import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Clock, recordOf, until } from "../../src/core/base/index.ts";
import type { DocumentHost, Send } from "./vendor.ts";

export interface FolderOptions {
  /** The issuer: the URL under which the folder is served. */
  readonly url: string;
  readonly folder: string;
  readonly clock: Clock;
  readonly send: Send;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** How long somebody has to serve what was written, in milliseconds. */
  readonly withinMs?: number;
}

/** What a run has written stands here, by digest, so that the next one knows what a killed one left. */
const markFile = ".podtrust-record.json";
/** All that a run writes: whatever else the file names is nobody's. */
const ownPaths: readonly string[] = ["/.well-known/openid-configuration", "/openid/v1/jwks"];

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A folder that somebody serves as an issuer: a bucket's copy, a site's checkout, the root of a web server. */
export class DocumentsFolder implements DocumentHost {
  readonly url: string;
  readonly #options: FolderOptions;
  readonly #written = new Map<string, string>();
  readonly #digests = new Set<string>();

  constructor(options: FolderOptions) {
    this.url = options.url;
    this.#options = options;
  }

  async publish(documents: Readonly<Record<string, string>>): Promise<void> {
    const { folder, clock, signal, say, withinMs = 900_000 } = this.#options;
    for (const path of Object.keys(documents)) await this.#refuseForeign(path, join(folder, path));
    for (const text of Object.values(documents)) this.#digests.add(digestOf(text));
    await writeFile(join(folder, markFile), JSON.stringify({ written: [...this.#digests] }));
    for (const [path, text] of Object.entries(documents)) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
      this.#written.set(path, text);
    }
    await until<true>({
      clock,
      withinMs,
      delays: [1000, 2000, 5000],
      signal,
      look: async () => {
        for (const [path, text] of Object.entries(documents))
          if (!(await this.#serves(path, text)))
            return { waitsFor: `${this.url}${path} has not what ${folder} has` };
        return { is: true };
      },
      onWait: say,
      late: (reason) => new Error(`${reason}, after ${Math.round(withinMs / 60_000)} minutes`),
    });
  }

  /** What stands there and is of nobody's run is not overwritten: it may be the issuer of a cluster. */
  async #refuseForeign(path: string, file: string): Promise<void> {
    const there = await readFile(file, "utf8").catch(() => undefined);
    if (there !== undefined && there !== this.#written.get(path))
      throw new Error(`${file} is there already: give a folder without an issuer's documents`);
  }

  async #serves(path: string, text: string): Promise<boolean> {
    const answer = await this.#options.send(`${this.url}${path}`, { method: "GET" }).catch(() => undefined);
    return answer?.status === 200 && answer.text === text;
  }

  /** Removes what a killed run left, as long as nobody has changed it; gives what it was. */
  async sweep(): Promise<readonly string[]> {
    const { folder } = this.#options;
    const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8").catch(() => "");
    const text = await read(markFile);
    if (text === "") return [];
    const { written } = recordOf(JSON.parse(text));
    const known = new Set(Array.isArray(written) ? (written as readonly unknown[]) : []);
    const found: string[] = [];
    for (const path of ownPaths) {
      if (!known.has(digestOf(await read(path)))) continue;
      await rm(join(folder, path), { force: true });
      found.push(path);
    }
    await rm(join(folder, markFile), { force: true });
    return found;
  }

  /** Takes the documents away again. */
  async clear(): Promise<void> {
    const { folder } = this.#options;
    for (const path of this.#written.keys()) await rm(join(folder, path), { force: true });
    if (this.#written.size > 0) await rm(join(folder, markFile), { force: true });
  }
}
