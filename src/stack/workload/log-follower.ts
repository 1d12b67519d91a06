import type { KubernetesApi } from "../../providers/kubernetes/index.ts";

/** Where a log is read from. */
export interface LogSource {
  readonly cluster: Pick<KubernetesApi, "podLog">;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly onLine: (line: string) => void;
}

/**
 * Follows a container's log by reading it again from its beginning, which loses no line when a connection breaks. Ends
 * at the first mebibyte: a demo writes far less.
 */
export class LogFollower {
  readonly #source: LogSource;
  #given = 0;
  #full = false;

  constructor(source: LogSource) {
    this.#source = source;
  }

  get pod(): string {
    return this.#source.pod;
  }

  /** Returns the new whole lines; at the end also an unfinished one. */
  async read(options: { readonly end: boolean; readonly signal: AbortSignal }): Promise<void> {
    if (this.#full) return;
    const { cluster, namespace, pod, container, onLine } = this.#source;
    const { text, full } = await cluster.podLog(namespace, pod, { container, signal: options.signal });
    const lines = text.split("\n");
    const last = lines.pop() ?? "";
    for (const line of lines.slice(this.#given)) onLine(line);
    this.#given = Math.max(this.#given, lines.length);
    if ((options.end || full) && last !== "") onLine(last);
    if (!full) return;
    this.#full = true;
    onLine("(the log continues; what is over 1 MiB is left out)");
  }
}
