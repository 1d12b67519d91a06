import type { Clock } from "../base/index.ts";

/** What text is written to: a process's stream, or a test's memory. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** False once its reader has ended. */
  readonly writable?: boolean;
}

/** What is read from: a process's standard input, or a test's text. */
export interface TextSource extends AsyncIterable<string | Uint8Array> {
  readonly isTTY?: boolean;
  /** Keeps the process alive while it is read from, as it does by default. */
  ref?(): unknown;
  /** Lets the process end though it is read from. */
  unref?(): unknown;
  /** Has a terminal show nothing of what is typed, and give it letter by letter. */
  setRawMode?(isRaw: boolean): unknown;
}

/**
 * All that the command line takes from its surroundings; `entry.ts` alone gets the process. With one exception: the
 * AWS SDK reads the environment's variables and the files that they name.
 */
export interface Host {
  /** What starts this very program again, as a child: the runtime and the script. */
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths are resolved against it. */
  readonly cwd: string;
  readonly stdin: TextSource;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /** Aborted by SIGINT, SIGTERM and an unwanted SIGHUP: work ends, cleans up after itself, and returns. */
  readonly signal: AbortSignal;
  /** Calls `reload` at each SIGHUP instead of ending, until the returned function is called. */
  readonly onHangup: (reload: () => void) => () => void;
  readonly pid: number;
  /** The user that the process runs as; undefined where the system has no such numbers. */
  readonly uid: number | undefined;
  readonly clock: Clock;
}
