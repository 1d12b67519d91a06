import { execFile } from "node:child_process";
import { type Clock, defined, errorText, type Logger, setting } from "../../core/base/index.ts";

/** Reports the state of the process to the service manager. Does nothing if none asked for it. */
export interface ServiceManager {
  /** What `systemctl status` shows from now on, in a sentence. */
  status(sentence: string): void;
  /** Startup is complete: units that wait for the service may start. From here on the watchdog is fed until `ending`. */
  ready(sentence: string): void;
  /** The end has begun; resolves when that was reported. */
  ending(): Promise<void>;
}

export interface ServiceManagerDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sends assignments to the socket; by the program systemd-notify by default. */
  readonly send?: (assignments: readonly string[]) => Promise<void>;
}

const noManager: ServiceManager = { status() {}, ready() {}, ending: () => Promise.resolve() };

// The helper waits until its message was read.
const helperTimeout = 10_000;

/** Node opens no datagram sockets in the file system, so systemd's own helper speaks for us (NotifyAccess=all). */
function byHelper(socket: string, path: string | undefined) {
  const env = { NOTIFY_SOCKET: socket, ...defined({ PATH: path }) };
  return (assignments: readonly string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      execFile("systemd-notify", [...assignments], { env, timeout: helperTimeout }, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
}

/** Milliseconds between two signs of life: half of systemd's limit; undefined if it expects none. */
function watchdogInterval({ env, pid }: ServiceManagerDeps): number | undefined {
  const microseconds = Number(setting(env, "WATCHDOG_USEC") ?? 0);
  const whose = setting(env, "WATCHDOG_PID") ?? String(pid);
  if (whose !== String(pid) || !Number.isInteger(microseconds) || microseconds <= 0) return undefined;
  return Math.max(microseconds / 2000, 100);
}

class Notifier implements ServiceManager {
  readonly #deps: ServiceManagerDeps;
  readonly #send: (assignments: readonly string[]) => Promise<void>;
  readonly #over = new AbortController();
  // One at a time, so that the last message is what holds.
  #sending: Promise<void> = Promise.resolve();
  #said = false;

  constructor(deps: ServiceManagerDeps, send: (assignments: readonly string[]) => Promise<void>) {
    this.#deps = deps;
    this.#send = send;
  }

  status(sentence: string): void {
    void this.#notify([`STATUS=${sentence}`]);
  }

  ready(sentence: string): void {
    void this.#notify(["READY=1", `STATUS=${sentence}`]);
    const interval = watchdogInterval(this.#deps);
    if (interval !== undefined) void this.#feed(interval);
  }

  ending(): Promise<void> {
    this.#over.abort();
    return this.#notify(["STOPPING=1"]);
  }

  /** The event loop itself sends signs of life: if it hangs, systemd restarts the process. */
  async #feed(interval: number): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await this.#notify(["WATCHDOG=1"]);
      await this.#deps.clock.sleep(interval, signal).catch(() => {});
    }
  }

  #notify(assignments: readonly string[]): Promise<void> {
    this.#sending = this.#sending
      .then(() => this.#send(assignments))
      .catch((error: unknown) => {
        if (this.#said) return;
        this.#said = true;
        this.#deps.logger.warn(`systemd could not be notified of the state: ${errorText(error)}`, {
          assignments,
        });
      });
    return this.#sending;
  }
}

/** The service manager that started this process, by NOTIFY_SOCKET and WATCHDOG_USEC (sd_notify(3), sd_watchdog_enabled(3)). */
export function serviceManager(deps: ServiceManagerDeps): ServiceManager {
  const { env } = deps;
  const socket = setting(env, "NOTIFY_SOCKET");
  if (socket === undefined || socket === "") return noManager;
  return new Notifier(deps, deps.send ?? byHelper(socket, setting(env, "PATH")));
}
