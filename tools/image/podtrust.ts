import { writeArchive } from "./archive.ts";
import { imageEntries, readImageFiles } from "./files.ts";

/** Where the images come from, and how they are called. */
export interface PodtrustImages {
  readonly checkout: string;
  /** The built program. */
  readonly dist: string;
  /** As `docker.io/library`. */
  readonly repository: string;
  readonly tag: string;
}

/**
 * Writes an archive of `REPOSITORY/podtrust:TAG` and `REPOSITORY/podtrust-sandbox:TAG`, which hold the same files and differ in
 * how they run. Gives the bytes that they have when unpacked.
 */
export function writePodtrustArchive(
  file: string,
  { checkout, dist, repository, tag }: PodtrustImages,
): number {
  const list = readImageFiles(checkout);
  const { entrypoint, environment, user, sandbox } = list;
  const common = { environment, user: `${user.id}:${user.id}` };
  return writeArchive(file, imageEntries(checkout, dist, list), [
    { ...common, name: `${repository}/podtrust:${tag}`, entrypoint },
    {
      ...common,
      name: `${repository}/podtrust-sandbox:${tag}`,
      entrypoint: sandbox.entrypoint,
      ports: sandbox.ports,
      healthCheck: sandbox.healthCheck,
    },
  ]);
}
