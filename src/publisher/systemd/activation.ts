/** Sockets that a service manager opened for us, by their FileDescriptorName. */
export type ActivatedSockets = ReadonlyMap<string, readonly number[]>;

/** SD_LISTEN_FDS_START of sd_listen_fds(3). */
const first = 3;

const nameOf = (given: string | undefined): string =>
  given === undefined || given === "" ? "unknown" : given;

const none: ActivatedSockets = new Map();

/** What LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES say (sd_listen_fds(3)); nothing if they are meant for another process. */
export function activatedSockets(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): ActivatedSockets {
  const count = Number(setting(env, "LISTEN_FDS") ?? 0);
  if (setting(env, "LISTEN_PID") !== String(pid) || !Number.isInteger(count) || count < 1 || count > 64)
    return none;
  const found = new Map<string, number[]>();
  const names = (setting(env, "LISTEN_FDNAMES") ?? "").split(":");
  for (let index = 0; index < count; index += 1) {
    const name = nameOf(names[index]);
    found.set(name, [...(found.get(name) ?? []), first + index]);
  }
  return found;
}
import { setting } from "../../core/base/index.ts";
