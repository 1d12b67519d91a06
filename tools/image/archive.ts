import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { defined, mapped } from "../../src/core/base/index.ts";
import { type TarEntry, writeTar } from "./tar.ts";

/** The image's health check; it exits with 0 if the sandbox is up. */
export interface HealthCheck {
  readonly command: readonly string[];
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** So long a failure is none. */
  readonly startPeriodSeconds: number;
  readonly retries: number;
}

/** How an image is called and run. */
export interface ImageSpec {
  /** With its tag: `test.invalid/pause:1`. */
  readonly name: string;
  readonly entrypoint: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** `65532:65532`. */
  readonly user?: string;
  /** On TCP. */
  readonly ports?: readonly number[];
  readonly healthCheck?: HealthCheck;
}

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** As Docker keeps it, in nanoseconds. */
function dockerHealthCheck(check: HealthCheck): object {
  return {
    Test: ["CMD", ...check.command],
    Interval: check.intervalSeconds * 1e9,
    Timeout: check.timeoutSeconds * 1e9,
    StartPeriod: check.startPeriodSeconds * 1e9,
    Retries: check.retries,
  };
}

/** The configuration of an image whose one layer has this SHA-256. */
function configOf(spec: ImageSpec, sha256: string): object {
  const { environment = {}, ports = [], healthCheck } = spec;
  return {
    architecture: architectures[process.arch] ?? process.arch,
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: {
      Entrypoint: spec.entrypoint,
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      User: spec.user ?? "",
      WorkingDir: "/",
      ...(ports.length === 0
        ? {}
        : { ExposedPorts: Object.fromEntries(ports.map((port) => [`${port}/tcp`, {}])) }),
      ...defined({ Healthcheck: mapped(healthCheck, dockerHealthCheck) }),
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${sha256}`] },
  };
}

/**
 * Writes images of one and the same layer as `docker save` does, for `docker load` and `ctr images import`, and gives the
 * bytes that the layer has when unpacked. `entries` is what stands in it, each folder before what is in it.
 */
export function writeArchive(
  file: string,
  entries: readonly TarEntry[],
  images: readonly ImageSpec[],
): number {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-image-"));
  try {
    const layerFile = join(folder, "layer.tar");
    const { sha256, size } = writeTar(layerFile, entries);
    const json = (path: string, value: unknown): TarEntry => ({
      path,
      mode: 0o644,
      content: { bytes: Buffer.from(JSON.stringify(value)) },
    });
    const configs = images.map((spec, index) => json(`config-${index}.json`, configOf(spec, sha256)));
    const manifest = images.map(({ name }, index) => ({
      Config: `config-${index}.json`,
      RepoTags: [name],
      Layers: ["layer.tar"],
    }));
    writeTar(file, [
      ...configs,
      { path: "layer.tar", mode: 0o644, content: { from: layerFile } },
      json("manifest.json", manifest),
    ]);
    return size;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
