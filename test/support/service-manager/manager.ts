import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { until } from "../until.ts";

/** What happened, in its order. */
type Event =
  | { readonly listening: readonly (readonly [name: string, port: number])[] }
  | { readonly started: number }
  | { readonly notices: readonly string[] }
  | { readonly exited: number };

/** A stand-in for systemd that runs a service with sockets of its own. */
export interface ManagedService {
  /** By the order in which the addresses were given. */
  readonly ports: readonly number[];
  readonly events: readonly Event[];
  /** Everything that the service told, one assignment an entry. */
  notices(): readonly string[];
  readonly log: () => string;
  until(what: string, holds: () => boolean): Promise<void>;
  /** Ends the service, waits for it, and starts it anew behind the same sockets. */
  restart(): void;
  /** Ends the service; gives its exit code. */
  stop(): Promise<number | undefined>;
}

/** Starts a command with sockets (`https=[::1]:0`) as systemd does it. The folder gets the socket that is told. */
export async function startManaged(
  folder: string,
  addresses: readonly string[],
  command: readonly string[],
): Promise<ManagedService> {
  const program = join(import.meta.dirname, "manager.py");
  const child = spawn("python3", [program, join(folder, "notify"), ...addresses, "--", ...command]);
  const gone = once(child, "exit");
  const events: Event[] = [];
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  createInterface(child.stdout).on("line", (line) => events.push(JSON.parse(line) as Event));
  const detail = (): string => `${log}\n${JSON.stringify(events)}`;
  const untilHere = async (what: string, holds: () => boolean): Promise<void> => {
    const probe = (): boolean => {
      if (child.exitCode !== null && !holds()) throw new Error(`the manager ended, no ${what}:\n${detail()}`);
      return holds();
    };
    await until(what, probe, { everyMs: 20, detail });
  };
  const listening = () => events.flatMap((event) => ("listening" in event ? event.listening : []));
  await untilHere("socket", () => listening().length === addresses.length);
  return {
    ports: listening().map(([, port]) => port),
    events,
    notices: () => events.flatMap((event) => ("notices" in event ? event.notices : [])),
    log: () => log,
    until: untilHere,
    restart: () => void child.stdin.write("restart\n"),
    async stop() {
      child.stdin.end();
      await gone;
      return events.flatMap((event) => ("exited" in event ? [event.exited] : [])).at(-1);
    },
  };
}
