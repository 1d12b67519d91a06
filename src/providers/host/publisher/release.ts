import { createHash } from "node:crypto";
import { join } from "node:path";
import { errorText, PodtrustError } from "../../../core/base/index.ts";
import { readBounded, readBoundedText } from "../../../core/files/index.ts";

export type NodeArchitecture = "x64" | "arm64";

/** The publisher's program for one architecture, as `npm run release` built it. */
export interface Release {
  readonly version: string;
  readonly architecture: NodeArchitecture;
  /** The file compressed by zstd. */
  readonly file: string;
  /** SHA-256 of that file and of the program in it, hex. */
  readonly packed: string;
  readonly program: string;
}

const maxRelease = 256 * 1024 * 1024;

/** By what `uname -m` says. */
export const architectures: Readonly<Record<string, NodeArchitecture>> = { x86_64: "x64", aarch64: "arm64" };

function sumIn(text: string, name: string): string | undefined {
  const line = text.split("\n").find((one) => one.endsWith(`  ${name}`));
  return line === undefined ? undefined : /^[0-9a-f]{64}(?= )/u.exec(line)?.[0];
}

async function releaseOf(
  folder: string,
  version: string,
  architecture: NodeArchitecture,
): Promise<Release | undefined> {
  const name = `podtrust-publisher-${version}-linux-${architecture}`;
  const file = join(folder, `${name}.zst`);
  const sums = await readBoundedText(`${file}.sha256`, 4096).catch(() => undefined);
  if (sums === undefined) return undefined;
  const [packed, program] = [sumIn(sums, `${name}.zst`), sumIn(sums, name)];
  if (packed === undefined || program === undefined) {
    throw new PodtrustError("publisher-release", `${file}.sha256 does not hold the sums of ${name}`);
  }
  return { version, architecture, file, packed, program };
}

/** What a folder has of a version. Throws `publisher-release` for sums that cannot be read. */
export async function findReleases(
  folder: string,
  version: string,
): Promise<ReadonlyMap<NodeArchitecture, Release>> {
  const each = await Promise.all(
    (["x64", "arm64"] as const).map((architecture) => releaseOf(folder, version, architecture)),
  );
  return new Map(each.flatMap((one) => (one === undefined ? [] : [[one.architecture, one] as const])));
}

/** The compressed program, checked against its sum. Throws `publisher-release`. */
export async function readRelease({ file, packed }: Release): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readBounded(file, maxRelease);
  } catch (cause) {
    throw new PodtrustError("publisher-release", `${file} cannot be read: ${errorText(cause)}`, { cause });
  }
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === packed) return bytes;
  throw new PodtrustError(
    "publisher-release",
    `${file} has the SHA-256 ${found}, and ${packed} stands beside it`,
  );
}
