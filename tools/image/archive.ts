import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type TarEntry, writeTar } from "./tar.ts";

/** An image of one layer. */
export interface ImageSpec {
  /** With its tag: `test.invalid/pause:1`. */
  readonly name: string;
  /** What stands in it, each folder before what is in it. */
  readonly entries: readonly TarEntry[];
  readonly entrypoint: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** `65532:65532`. */
  readonly user?: string;
}

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/**
 * Writes an image as `docker save` does, for `docker load` and `ctr images import`, and gives the bytes that it has
 * when unpacked.
 */
export function writeArchive(file: string, spec: ImageSpec): number {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-image-"));
  try {
    const layerFile = join(folder, "layer.tar");
    const { sha256, size } = writeTar(layerFile, spec.entries);
    const config = {
      architecture: architectures[process.arch] ?? process.arch,
      os: "linux",
      created: "1970-01-01T00:00:00Z",
      config: {
        Entrypoint: spec.entrypoint,
        Env: Object.entries(spec.environment ?? {}).map(([name, value]) => `${name}=${value}`),
        User: spec.user ?? "",
        WorkingDir: "/",
      },
      rootfs: { type: "layers", diff_ids: [`sha256:${sha256}`] },
    };
    const manifest = [{ Config: "config.json", RepoTags: [spec.name], Layers: ["layer.tar"] }];
    const json = (path: string, value: unknown): TarEntry => ({
      path,
      mode: 0o644,
      content: { bytes: Buffer.from(JSON.stringify(value)) },
    });
    writeTar(file, [
      json("config.json", config),
      { path: "layer.tar", mode: 0o644, content: { from: layerFile } },
      json("manifest.json", manifest),
    ]);
    return size;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
