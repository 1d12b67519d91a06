import type { Clock } from "../base/index.ts";

/** What text is written to: a process's stream, or a test's memory. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What is read from: a process's standard input, or a test's text. */
export interface TextSource extends AsyncIterable<string | Uint8Array> {
  readonly isTTY?: boolean;
  /** Lets go of it: nothing more is read. */
  destroy?(): unknown;
}

/** All that the command line takes from its surroundings. Nothing below `main.ts` touches the process itself. */
export interface Host {
  /** What starts this very program again, as a child: the runtime and the script. */
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths are resolved against it. */
  readonly cwd: string;
  readonly stdin: TextSource;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /** Aborted by SIGINT and SIGTERM: work ends, cleans up after itself, and returns. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}
