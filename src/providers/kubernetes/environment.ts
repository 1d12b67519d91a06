import type { Clock } from "../../core/base/index.ts";
import type { Consent } from "../../core/credentials/index.ts";

/** A program that a kubeconfig names, before it is run. */
export interface ExecPlugin {
  /** The file that names it: where it really is, as far as that can be known. */
  readonly kubeconfig: string;
  /** As it would be run: an absolute path, or a name that is looked up in PATH. */
  readonly command: string;
  readonly args: readonly string[];
  /** What the kubeconfig sets in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** What the adapter takes from the process around it. */
export interface ClusterEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The working folder; the process's own by default. */
  readonly cwd?: string;
  /** The config is given by whoever started this process, and so are the files that it names. */
  readonly isOwnConfig?: boolean;
  /** Whether what was not chosen here may be done, such as running a program; by default it may not. */
  readonly consent?: Consent;
}
