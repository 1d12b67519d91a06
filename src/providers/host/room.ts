import { PodtrustError } from "../../core/base/index.ts";
import { type SshTarget, targetText } from "./target.ts";

/** Free space on a machine, as df counts it for users other than root. */
export interface Room {
  readonly path: string;
  /** Equal for folders of one file system. */
  readonly device: string;
  readonly freeMib: number;
}

/** The space that a step will take. */
export interface RoomNeed {
  readonly path: string;
  readonly mib: number;
  /** As the end of `… MiB for …`. */
  readonly what: string;
}

/** Shell: a function that prints `room PATH DEVICE KIB` of a folder, or of the nearest one above it that is there. */
export const roomFunction = `room() {
  folder=$1
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  free=$(df -Pk "$folder" 2>/dev/null | tail -n 1 | sed 's/.* \\([0-9][0-9]*\\)  *[0-9]*% .*/\\1/')
  printf 'room %s %s %s\\n' "$1" "$(stat -c %d "$folder")" "$free"
}`;

/** Reads the lines that the function printed; one that df could not count is none. */
export function parseRooms(output: string): readonly Room[] {
  return output.split("\n").flatMap((line) => {
    const [key, path = "", device = "", kib = ""] = line.split(" ");
    return key === "room" && /^\d+$/u.test(kib)
      ? [{ path, device, freeMib: Math.floor(Number(kib) / 1024) }]
      : [];
  });
}

const sumOf = (needs: readonly RoomNeed[]): number => needs.reduce((sum, { mib }) => sum + mib, 0);

/** Refuses what would fill a disk before it is begun; folders of one disk share its room. Throws `host-disk-full`. */
export function checkRoom(target: SshTarget, rooms: readonly Room[], needs: readonly RoomNeed[]): void {
  const byDevice = Map.groupBy(
    needs.filter(({ path }) => rooms.some((room) => room.path === path)),
    ({ path }) => rooms.find((room) => room.path === path)?.device,
  );
  for (const [device, desired] of byDevice) {
    const freeMib = Math.min(...rooms.filter((room) => room.device === device).map((room) => room.freeMib));
    const neededMib = sumOf(desired);
    if (freeMib >= neededMib) continue;
    const list = desired.map(({ path, mib, what }) => `${mib} MiB in ${path} for ${what}`).join(", ");
    throw new PodtrustError(
      "host-disk-full",
      `${targetText(target)}: the disk has ${freeMib} MiB free, and needed are ${list}; nothing was written`,
      { detail: { freeMib, neededMib, folders: desired.map(({ path }) => path) } },
    );
  }
}
